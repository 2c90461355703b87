import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import type { PostFetch, SenderDeps } from "../../../shared/delivery/send.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { closeServers, flux, hmac, listen, never, pathOf, sender, startDeadline } from "./loopback.ts";

afterEach(closeServers);

describe("what can go wrong", () => {
  test.each([
    { of: "a redirect", status: 307, code: "redirected" },
    { of: "the event port's answer", status: 202, code: "wrong-endpoint" },
  ])("$of is not followed or believed", async ({ status, code }) => {
    const elsewhere = await listen((_seen, response) => response.end());
    const { baseUrl } = await listen((_seen, response) => {
      response.writeHead(status, { location: `${elsewhere.baseUrl}/` }).end();
    });
    expect(await sender()(flux(baseUrl, hmac("t")), never)).toMatchObject({ code, status });
    expect(elsewhere.requests).toEqual([]);
  });

  test("Retry-After is handed on as it was said", async () => {
    const { baseUrl } = await listen((_seen, response) =>
      response.writeHead(429, { "retry-after": "17" }).end(),
    );
    expect(await sender()(flux(baseUrl, hmac("t")), never)).toMatchObject({
      code: "throttled",
      retryAfter: "17",
    });
  });

  test("a connection that breaks, and a port where nobody listens", async () => {
    const { baseUrl, close } = await listen((_seen, response) => response.destroy());
    expect(await sender()(flux(baseUrl, hmac("t")), never)).toMatchObject({ code: "connection-lost" });
    await close();
    expect(await sender()(flux(baseUrl, hmac("t")), never)).toMatchObject({
      code: "unreachable",
      requests: 1,
    });
  });

  test.each([
    { code: "ENOTFOUND", expected: "unresolved" },
    { code: "UND_ERR_CONNECT_TIMEOUT", expected: "unreachable" },
    { code: "UND_ERR_HEADERS_TIMEOUT", expected: "timed-out" },
    { code: "DEPTH_ZERO_SELF_SIGNED_CERT", expected: "tls-failed" },
    { code: "ERR_TLS_CERT_ALTNAME_INVALID", expected: "tls-failed" },
    { code: "SOMETHING_ELSE", expected: "connection-lost" },
  ])("$code inside a failed fetch is $expected", async ({ code, expected }) => {
    const post: PostFetch = async () => {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) });
    };
    expect(await sender({ post })(flux("http://h", hmac("t")), never)).toMatchObject({ code: expected });
  });

  test("an address that may not be reached, and an error that is its own cause", async () => {
    const refusal = new PipelineError("no", { code: "RECEIVER_ADDRESS_REFUSED" });
    const refusing: PostFetch = async () => {
      throw new TypeError("fetch failed", { cause: new AggregateError([refusal]) });
    };
    expect(await sender({ post: refusing })(flux("http://h", hmac("t")), never)).toMatchObject({
      code: "address-refused",
    });
    const circular = new Error("x");
    circular.cause = circular;
    const post: PostFetch = async () => Promise.reject(circular);
    expect(await sender({ post })(flux("http://h", hmac("t")), never)).toMatchObject({
      code: "connection-lost",
    });
  });

  test("an endless answer is cut off, and the status counts all the same", async () => {
    let sentBytes = 0;
    const { baseUrl } = await listen((_seen, response) => {
      response.writeHead(200);
      const write = (): void => {
        if (response.destroyed) return;
        sentBytes += 16_384;
        response.write(Buffer.alloc(16_384), () => setImmediate(write));
      };
      write();
    });
    const outcome = await sender()(flux(baseUrl, hmac("t")), never);
    expect(outcome).toMatchObject({ code: "accepted", unexpectedBody: true });
    expect(sentBytes).toBeLessThan(16 * 1024 * 1024);
  });

  test("an answer whose body never ends is left after a while", async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1)),
    });
    const post: PostFetch = async () => new Response(body, { status: 200 });
    const waits: number[] = [];
    const quick: SenderDeps["startDeadline"] = (timeoutMs) => {
      waits.push(timeoutMs);
      return startDeadline(timeoutMs === 60_000 ? timeoutMs : 1);
    };
    const outcome = await sender({ post, startDeadline: quick })(flux("http://h", hmac("t")), never);
    expect(outcome).toMatchObject({ code: "accepted", unexpectedBody: true });
    expect(waits).toEqual([60_000, 5_000]);
  });
});

describe("time", () => {
  /** Deadlines that end when told to, and a record of how long each was to be. */
  const manual = () => {
    const deadlines: { readonly timeoutMs: number; readonly expire: () => void }[] = [];
    const start: SenderDeps["startDeadline"] = (timeoutMs) => {
      const controller = new AbortController();
      deadlines.push({ timeoutMs, expire: () => controller.abort() });
      return { signal: controller.signal, clear: () => undefined };
    };
    return { deadlines, start };
  };

  test("a silent receiver is given a minute and no less, and then let go", async () => {
    const { deadlines, start } = manual();
    let aborted = false;
    const post: PostFetch = (_url, { signal }) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => undefined); // does not listen to its signal
    };
    const sending = sender({ post, startDeadline: start })(flux("http://h", hmac("t")), never);
    expect(deadlines.map(({ timeoutMs }) => timeoutMs)).toEqual([60_000]);
    expect(aborted).toBe(false);
    deadlines[0]?.expire();
    expect(await sending).toMatchObject({ code: "timed-out" });
    expect(aborted).toBe(true);
  });

  test("a stopping process ends the attempt as cancelled", async () => {
    const stop = new AbortController();
    const post: PostFetch = () => new Promise(() => undefined);
    const sending = sender({ post })(flux("http://h", hmac("t")), stop.signal);
    stop.abort();
    expect(await sending).toMatchObject({ code: "cancelled" });
    expect(await sender({ post })(flux("http://h", hmac("t")), stop.signal)).toMatchObject({
      code: "cancelled",
      requests: 0,
    });
  });

  test.each([
    { of: "nobody gives tokens", deps: {} },
    { of: "the giver fails", deps: { identityToken: () => Promise.reject(new Error("sts")) } },
    { of: "the token would break the header", deps: { identityToken: async () => new Secret("a\r\nb: c") } },
  ])("generic-oidc without a token ($of) sends nothing", async ({ deps }) => {
    const { baseUrl, requests } = await listen((_seen, response) => response.end());
    const oidc = { kind: "generic-oidc", audience: "a" } as const;
    const outcome = await sender(deps)(flux(baseUrl, oidc), never);
    expect(outcome).toMatchObject({ code: "identity-unavailable", requests: 0 });
    expect(requests).toEqual([]);
  });

  test("a giver of tokens that hangs is let go", async () => {
    const { deadlines, start } = manual();
    const identityToken = () => new Promise<Secret>(() => undefined);
    const oidc = { kind: "generic-oidc", audience: "a" } as const;
    const sending = sender({ identityToken, startDeadline: start })(flux("http://h", oidc), never);
    deadlines[0]?.expire();
    expect(await sending).toMatchObject({ code: "identity-unavailable" });
  });
});

test("an outcome holds neither token nor path, whatever the error said", async () => {
  const post: PostFetch = async (url) => {
    throw new Error(`could not reach ${url} with t0ken`);
  };
  const request = flux("http://h", hmac("t0ken"));
  const shown = inspect([await sender({ post })(request, never), request], { depth: 9 });
  expect(shown).not.toContain("t0ken");
  expect(shown).not.toContain(pathOf("t0ken"));
});
