import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createNotifyPorts } from "../../../functions/local/notify-ports.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import { createNotifyCommand, type NotifyPorts } from "../../../shared/cli/commands/notify.ts";
import { deliverEvent } from "../../../shared/cli/notify/deliver-event.ts";
import { receivePushes } from "../../../shared/push/receive.ts";
import { sluice } from "../../../shared/push/sluice.ts";
import { runSluice } from "../../support/cli.ts";

const DIGEST = `sha256:${"a1".repeat(32)}`;
const REFERENCE = "ghcr.io/acme/shop:1.4.2";

interface Taken {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe("sluice notify", () => {
  const taken: Taken[] = [];
  const slept: number[] = [];
  let answers: { readonly status: number; readonly retryAfter?: string; readonly body?: string }[] = [];
  let url = "";

  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    taken.push({ headers: message.headers, body: Buffer.concat(chunks) });
    const { status, retryAfter, body = "" } = answers.shift() ?? { status: 202 };
    response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end(body);
  });

  beforeEach(async () => {
    taken.length = 0;
    slept.length = 0;
    answers = [];
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events/sluice`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const notify = (argv: readonly string[], env: Record<string, string> = { SLUICE_SECRET: "s3cret" }) => {
    const ports: NotifyPorts = {
      ...createNotifyPorts(env),
      sleep: async (ms) => void slept.push(ms),
    };
    return runSluice(["notify", ...argv], {
      commands: [createNotifyCommand(ports)],
      env: { SLUICE_URL: url, ...env },
    });
  };

  /** As the endpoint reads it. */
  const receive = async ({ headers, body }: Taken) => {
    const request = {
      method: "POST",
      path: "/events/sluice",
      query: "",
      headers: headers as Record<string, string>,
      body,
    };
    const received = await receivePushes(sluice, request, { secrets: [new Secret("s3cret")], nowMs: 0 });
    return received.kind === "pushes" ? received.pushes[0] : received.kind;
  };
  const receiveOnly = async () => {
    expect(taken).toHaveLength(1);
    return receive(taken[0] as Taken);
  };

  const named = { registry: "ghcr.io", repository: "acme/shop" };
  test.each([
    ["a tag", [REFERENCE], { kind: "artifact", ...named, tag: "1.4.2" }],
    ["as manifests write it", [`oci://${REFERENCE}`], { kind: "artifact", ...named, tag: "1.4.2" }],
    ["a digest beside", [REFERENCE, "--digest", DIGEST], { kind: "artifact", tag: "1.4.2", digest: DIGEST }],
    ["both in one", [`${REFERENCE}@${DIGEST}`], { kind: "artifact", tag: "1.4.2", digest: DIGEST }],
    ["a signature", [`${REFERENCE}@${DIGEST}`, "--signed"], { kind: "evidence", subject: DIGEST }],
    ["the newest signature of a tag", [REFERENCE, "--signed"], { kind: "artifact", tag: "1.4.2" }],
    ["a media type", [REFERENCE, "--media-type", "a/b"], { mediaType: "a/b" }],
    ["an id of the job's own", [REFERENCE, "--id", "run/42"], { id: "run/42" }],
    ["Docker Hub's short form", ["acme/shop:1"], { registry: "index.docker.io", repository: "acme/shop" }],
  ])("sends %s, signed, as the endpoint reads it", async (_, argv, expected) => {
    expect(await notify(argv)).toEqual({ code: 0, stdout: `${new URL(url).host} took it\n`, stderr: "" });
    expect(await receiveOnly()).toMatchObject(expected);
    const { headers, body } = taken[0] as Taken;
    const signature = createHmac("sha256", "s3cret").update(body).digest("hex");
    expect(headers["x-signature"]).toBe(`sha256=${signature}`);
  });

  test("every event has an id of its own, the same on every try", async () => {
    answers = [{ status: 503 }, { status: 202 }];
    await notify([REFERENCE]);
    await notify([REFERENCE]);
    const ids = taken.map(({ body }) => JSON.parse(body.toString()).id);
    expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([true, false]);
  });

  test("tries again what may pass, and waits as it is asked to", async () => {
    answers = [{ status: 503 }, { status: 429, retryAfter: "7" }, { status: 500, retryAfter: "9999" }];
    expect((await notify([REFERENCE])).code).toBe(0);
    expect([taken.length, slept]).toEqual([4, [1_000, 7_000, 30_000]]);
  });

  test("gives up after six tries with what was said last", async () => {
    answers = Array.from({ length: 9 }, () => ({ status: 503, body: "not stored\n" }));
    const { code, stderr } = await notify([REFERENCE]);
    expect([code, taken.length]).toEqual([2, 6]);
    expect(stderr).toBe("sluice: the endpoint did not take the event: HTTP 503: not stored\n");
  });

  test.each([400, 401, 404, 413, 302])(
    "does not try %i again: exit code 1 and the reason",
    async (status) => {
      answers = [{ status, body: "refused: signature-wrong\nmore" }];
      const { code, stdout, stderr } = await notify([REFERENCE]);
      expect([code, stdout, taken.length]).toEqual([1, "", 1]);
      expect(stderr).toBe(`sluice: ${new URL(url).host} answered ${status}: refused: signature-wrong\n`);
    },
  );

  test("what listens nowhere is not reached", async () => {
    const { code, stderr } = await notify([REFERENCE, "--to", "http://127.0.0.1:1/events/sluice"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: the endpoint did not take the event: .*\n$/);
    expect(`${stderr}`).not.toContain("s3cret");
  });

  test("--json says what was sent", async () => {
    const { stdout } = await notify([REFERENCE, "--json", "--id", "x"]);
    const event = { id: "x", event: "pushed", reference: REFERENCE };
    expect(JSON.parse(stdout)).toEqual({ status: 202, event });
  });

  test.each<[string, readonly string[], Record<string, string>, RegExp]>([
    ["no reference", [], {}, /missing required argument 'reference'/],
    ["no tag", ["ghcr.io/acme/shop"], {}, /is not a reference with a tag or digest/],
    ["a tag outside the grammar", ["ghcr.io/acme/shop:a b"], {}, /is not a reference with a tag or digest/],
    ["a short digest", [REFERENCE, "--digest", "sha256:00"], {}, /digest is not a sha256 digest/],
    ["two digests", [`${REFERENCE}@${DIGEST}`, "--digest", `sha256:${"b".repeat(64)}`], {}, /another digest/],
    ["no address", [REFERENCE, "--to", ""], {}, /no endpoint; write --to https:/],
    ["no http", [REFERENCE, "--to", "ftp://x"], {}, /not an http or https address/],
    ["no secret", [REFERENCE], {}, /SLUICE_SECRET/],
    ["two secrets", [REFERENCE, "--secret-env", "A", "--secret-file", "b"], {}, /two places for one secret/],
  ])("%s: exit code 2, one line, nothing sent", async (_, argv, env, line) => {
    const { code, stderr } = await notify(argv, env);
    expect(code).toBe(2);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(line);
    expect(taken).toEqual([]);
  });
});

describe("out of time", () => {
  const deliver = (answers: readonly number[]) => {
    const controller = new AbortController();
    const end = () => controller.abort(new DOMException("late", "TimeoutError"));
    const left = [...answers];
    const post = async (signal: AbortSignal) => {
      const status = left.shift();
      if (status === undefined) end();
      signal.throwIfAborted();
      return { status: status ?? 0, line: "the disk is full" };
    };
    const sleep = async (_ms: number, signal: AbortSignal) => signal.throwIfAborted();
    return deliverEvent({ post, sleep, nowMs: () => 0 }, controller.signal);
  };

  test("amid its tries, it says what was said last", async () => {
    await expect(deliver([503, 503])).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: "the endpoint did not take the event: HTTP 503: the disk is full",
    });
  });

  test("before any answer, it says so", async () => {
    await expect(deliver([])).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
