import type { RequestListener } from "node:http";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createGuardedFetch, type GuardedFetchOptions } from "../../../shared/adapters/node/guarded-fetch.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import { type Authority, createAuthority, type Leaf } from "./certificates.ts";
import { closeClients, deliver, guarded, keep } from "./guarded-client.ts";
import { closeServers, listen } from "./http-server.ts";

afterEach(async () => {
  vi.unstubAllEnvs();
  await closeClients();
  await closeServers();
});

const local = (options: Partial<GuardedFetchOptions> = {}): typeof fetch => {
  const resolve = async (): Promise<readonly string[]> => ["127.0.0.1"];
  return keep(createGuardedFetch({ allow: ["127.0.0.1"], resolve, ...options })).fetch;
};

const serve = async (respond: RequestListener): Promise<string> =>
  `http://in.example.com:${(await listen(respond)).port}/`;

describe("requests", () => {
  test("carry method, query, headers and bytes as given", async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        seen.push([request.method, request.url, request.headers["x-signature"], Buffer.concat(chunks)]);
        response.writeHead(200, { "set-cookie": ["a=1", "b=2"], link: "<x>" }).end("ok");
      });
    });
    const body = Uint8Array.of(0, 255, 10);
    const response = await local()(`${url}v2/a%20b?n=1`, {
      method: "POST",
      headers: { "X-Signature": "sha256=00" },
      body,
    });
    expect(seen).toEqual([["POST", "/v2/a%20b?n=1", "sha256=00", Buffer.from(body)]]);
    expect(response.headers.get("link")).toBe("<x>");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.text()).toBe("ok");
  });

  test("cannot claim another host", async () => {
    let host: string | undefined;
    const url = await serve((request, response) => {
      host = request.headers.host;
      response.end();
    });
    await local()(url, { headers: { host: "metadata.google.internal", connection: "upgrade" } });
    expect(host).toBe(new URL(url).host);
  });

  test.each([
    ["file:///etc/passwd"],
    ["data:text/plain,x"],
    ["ftp://in.example.com/"],
    ["http://user:secret@in.example.com/"],
    ["/relative"],
  ])("to %s are refused", async (url) => {
    await expect(local()(url)).rejects.toBeInstanceOf(TypeError);
  });

  test("go straight, whatever proxy the environment names", async () => {
    const proxy = await listen();
    for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"]) {
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    }
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    const url = await serve((_request, response) => response.end("direct"));
    expect(await (await local()(url)).text()).toBe("direct");
    expect(proxy.connections()).toBe(0);
  });
});

describe("answers", () => {
  test.each([301, 302, 303, 307, 308])("%i is given back, not followed", async (status) => {
    const inside = await listen();
    const location = `http://127.0.0.1:${inside.port}/`;
    const url = await serve((_request, response) => response.writeHead(status, { location }).end());
    for (const redirect of ["manual", "follow"] as const) {
      const response = await local()(url, { redirect });
      expect([response.status, response.headers.get("location")]).toEqual([status, location]);
    }
    expect(inside.connections()).toBe(0);
  });

  test("are asked for plain, and are not inflated when they come packed", async () => {
    let asked: string | undefined;
    const packed = gzipSync(Buffer.alloc(1_000_000));
    const url = await serve((request, response) => {
      asked = request.headers["accept-encoding"];
      response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
    });
    const response = await local()(url, { headers: { "accept-encoding": "gzip" } });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(packed);
    expect(asked).toBe("identity");
  });

  test("end at the limit, with and without a declared length", async () => {
    const respond =
      (headers: Record<string, string>): RequestListener =>
      (_request, response) =>
        response.writeHead(200, headers).end(Buffer.alloc(10_000));
    for (const headers of [{}, { "content-length": "10000" }]) {
      const url = await serve(respond(headers));
      const get = local({ maxResponseBytes: 5_000 });
      await expect(get(url).then((response) => response.arrayBuffer())).rejects.toThrow();
      expect((await (await local({ maxResponseBytes: 10_000 })(url)).arrayBuffer()).byteLength).toBe(10_000);
    }
  });

  test("with endless headers are refused", async () => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { "x-long": "a".repeat(40_000) }).end(),
    );
    await expect(local()(url)).rejects.toMatchObject({ code: "UND_ERR_HEADERS_OVERFLOW" });
  });

  test.each([204, 205, 304])("%i has no body, and its connection serves others", async (status) => {
    const server = await listen((_request, response) => response.writeHead(status).end());
    const get = local();
    for (let round = 0; round < 6; round += 1) {
      const response = await get(`http://in.example.com:${server.port}/`);
      expect([response.status, response.body]).toEqual([status, null]);
    }
    // The pool may open a second one before it sees that the first is free.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  test("a stopped request stops waiting", async () => {
    const url = await serve(() => undefined);
    const stop = new AbortController();
    const waiting = local()(url, { signal: stop.signal });
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
  });

  test("silence ends at the time limit, before the status and after it", async () => {
    const silent = await serve(() => undefined);
    await expect(local({ headersTimeoutMs: 50 })(silent)).rejects.toMatchObject({
      code: "UND_ERR_HEADERS_TIMEOUT",
    });
    const stalled = await serve((_request, response) => response.writeHead(200).write("a"));
    const response = await local({ bodyTimeoutMs: 50 })(stalled);
    await expect(response.text()).rejects.toThrow();
  });
});

describe("TLS", () => {
  let authority: Authority;
  let server: Leaf;

  beforeAll(() => {
    authority = createAuthority("cluster CA");
    server = authority.issue("in.example.com");
  });

  const serveTls = async (options = {}) => {
    const listening = await listen(
      (request, response) => {
        response.end(String((request.socket as TLSSocket).getPeerCertificate()?.subject?.CN));
      },
      { cert: server.certificate, key: server.key, ...options },
    );
    return { ...listening, origin: `https://in.example.com:${listening.port}` };
  };

  test("a certificate nobody vouches for is refused, whatever the environment says", async () => {
    const { origin, requests } = await serveTls();
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await expect(local()(origin)).rejects.toMatchObject({ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
    expect(requests()).toBe(0);
  });

  test("a CA counts for the origin it was given for, and no other", async () => {
    const [first, second] = [await serveTls(), await serveTls()];
    const tls = (origin: string) => (origin === first.origin ? { ca: authority.certificate } : undefined);
    const get = local({ tls });
    expect((await get(first.origin)).status).toBe(200);
    await expect(get(second.origin)).rejects.toThrow();
  });

  test("a certificate for another name is refused", async () => {
    const { port } = await serveTls();
    const get = local({ tls: () => ({ ca: authority.certificate }) });
    await expect(get(`https://other.example.com:${port}/`)).rejects.toMatchObject({
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
  });

  test("a client certificate is shown where it is asked for", async () => {
    const client = authority.issue("sluice");
    const demanding = { requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
    const { origin } = await serveTls(demanding);
    const tls = () => ({
      ca: authority.certificate,
      certificate: client.certificate,
      key: new Secret(client.key),
    });
    expect(await (await local({ tls })(origin)).text()).toBe("sluice");
    await expect(local({ tls: () => ({ ca: authority.certificate }) })(origin)).rejects.toThrow();
  });
});

test("a delivery to a refused address is an outcome", async () => {
  const server = await listen();
  const client = guarded(async () => ["127.0.0.1"]);
  const outcome = await deliver(`http://receiver.example.com:${server.port}`, client);
  expect(outcome).toMatchObject({ code: "address-refused", requests: 1 });
  expect(server.connections()).toBe(0);
});

describe("an answer that nobody wants any more", () => {
  test.each([
    ["before its first byte was read", 0],
    ["half way", 1],
  ])("%s may go on arriving without ending the process", async (_, reads) => {
    const escaped: unknown[] = [];
    const note = (error: unknown) => escaped.push(error);
    process.on("uncaughtException", note);
    try {
      const url = await serve((_request, response) => {
        response.writeHead(500);
        for (let part = 0; part < 50; part++) response.write("x".repeat(1_000));
        response.end();
      });
      for (let turn = 0; turn < 10; turn++) {
        const reader = (await local()(url)).body?.getReader();
        for (let read = 0; read < reads; read++) await reader?.read();
        await reader?.cancel();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await closeClients();
      expect(escaped).toEqual([]);
    } finally {
      process.off("uncaughtException", note);
    }
  });
});
