import { createHash, createHmac } from "node:crypto";
import { request as sendRequest } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ReceiverDouble, startReceiverDouble } from "../../../functions/local/playground/receiver.ts";

const TOKEN = "s3cret";
const BODY = '{"objects":["OCIRepository/apps/app"]}';
const RECEIVER = {
  namespace: "apps",
  name: "sluice",
  type: "generic-hmac",
  token: TOKEN,
  resources: ["OCIRepository/apps/app", "OCIRepository/apps/other"],
} as const;

let double: ReceiverDouble;
beforeEach(async () => {
  double = await startReceiverDouble({ bodyTimeoutMs: 1_000 });
});
afterEach(() => double.close());

const hmac = (algorithm: string, body: string | Uint8Array = BODY, key = TOKEN): string =>
  createHmac(algorithm, key).update(body).digest("hex");

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** Sends exactly what it is told: `fetch` would tidy up targets and headers. */
const send = (
  target: string,
  more: {
    method?: string;
    headers?: readonly (readonly [string, string])[];
    body?: string | Uint8Array;
  } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(double.url);
    const headers = (more.headers ?? []).flat();
    const body = more.body ?? BODY;
    const outgoing = sendRequest(
      {
        hostname,
        port,
        path: target,
        method: more.method ?? "POST",
        headers: ["Host", "receiver", "Content-Length", `${Buffer.byteLength(body)}`, ...headers],
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });

const signed = (value = `sha256=${hmac("sha256")}`) => [["X-Signature", value]] as const;

test("listens where Flux does: hash of token, name and namespace without separators", () => {
  const hash = createHash("sha256").update(`${TOKEN}sluiceapps`).digest("hex");
  expect(double.register(RECEIVER)).toBe(`/hook/${hash}`);
  const oidc = { ...RECEIVER, type: "generic-oidc" } as const;
  expect(double.register(oidc)).toBe(`/hook/${createHash("sha256").update("sluiceapps").digest("hex")}`);
});

describe("generic-hmac", () => {
  test.each([
    { name: "sha1", value: `sha1=${hmac("sha1")}`, status: 200 },
    { name: "sha256", value: `sha256=${hmac("sha256")}`, status: 200 },
    { name: "sha512", value: `sha512=${hmac("sha512")}`, status: 200 },
    { name: "upper case hex", value: `sha256=${hmac("sha256").toUpperCase()}`, status: 200 },
    { name: "a space after the digest", value: `sha256=${hmac("sha256")} `, status: 200 },
    { name: "md5", value: `md5=${hmac("md5")}`, status: 400 },
    { name: "sha384", value: `sha384=${hmac("sha384")}`, status: 400 },
    { name: "upper case algorithm", value: `SHA256=${hmac("sha256")}`, status: 400 },
    { name: "another key", value: `sha256=${hmac("sha256", BODY, "other")}`, status: 400 },
    { name: "another body", value: `sha256=${hmac("sha256", `${BODY} `)}`, status: 400 },
    { name: "another algorithm's digest", value: `sha256=${hmac("sha512")}`, status: 400 },
    { name: "no algorithm", value: hmac("sha256"), status: 400 },
    { name: "odd hex", value: `sha256=${hmac("sha256").slice(1)}`, status: 400 },
    { name: "base64", value: `sha256=${Buffer.from(hmac("sha256"), "hex").toString("base64")}`, status: 400 },
    { name: "nothing", value: "", status: 400 },
  ])("$name is $status", async ({ value, status }) => {
    const path = double.register(RECEIVER);
    expect((await send(path, { headers: signed(value) })).status).toBe(status);
    expect(double.accepted.length).toBe(status === 200 ? 1 : 0);
    expect(double.requests[0]?.annotated).toEqual(status === 200 ? RECEIVER.resources : []);
  });

  test("wants its own header, and of two the first", async () => {
    const path = double.register(RECEIVER);
    const good = `sha256=${hmac("sha256")}`;
    expect((await send(path, { headers: [["X-Hub-Signature-256", good]] })).status).toBe(400);
    expect((await send(path, { headers: [...signed("sha256=00"), ...signed(good)] })).status).toBe(400);
    expect((await send(path, { headers: [...signed(good), ...signed("sha256=00")] })).status).toBe(200);
  });

  test("covers the bytes on the wire, compressed or empty", async () => {
    const path = double.register(RECEIVER);
    const body = gzipSync(BODY);
    const headers = [...signed(`sha256=${hmac("sha256", body)}`), ["Content-Encoding", "gzip"]] as const;
    expect((await send(path, { headers, body })).status).toBe(200);
    expect((await send(path, { headers: signed(`sha256=${hmac("sha256", "")}`), body: "" })).status).toBe(
      200,
    );
  });

  test("takes any method", async () => {
    const path = double.register(RECEIVER);
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      expect((await send(path, { method, headers: signed() })).status).toBe(200);
    }
  });
});

describe("target", () => {
  test.each([
    { change: (path: string) => `${path}?a=1`, status: 404 },
    { change: (path: string) => `${path}?`, status: 404 },
    { change: (path: string) => `${path}/`, status: 404 },
    { change: (path: string) => path.toUpperCase().replace("/HOOK", "/hook"), status: 404 },
    { change: (path: string) => `http://receiver${path}`, status: 404 },
    { change: () => "/hook/0000", status: 404 },
    { change: () => "/other", status: 404, body: "404 page not found\n" },
    { change: () => "/hook", status: 307, location: "/hook/" },
    { change: (path: string) => `/${path}`, status: 307, location: "clean" },
  ])("case %# is $status", async ({ change, status, body = "", location }) => {
    const path = double.register(RECEIVER);
    const answer = await send(change(path), { headers: signed() });
    expect(answer).toEqual({ status, body, location: location === "clean" ? path : location });
    expect(double.accepted).toEqual([]);
  });
});

describe("limits", () => {
  const LIMIT = 3 * 1024 * 1024;

  test("3 MiB pass, one byte more is 413 even for an unknown path", async () => {
    const path = double.register(RECEIVER);
    const body = Buffer.alloc(LIMIT, 0x20);
    expect((await send(path, { headers: signed(`sha256=${hmac("sha256", body)}`), body })).status).toBe(200);
    const larger = Buffer.alloc(LIMIT + 1, 0x20);
    const outcomes = await Promise.allSettled([
      send(path, { body: larger }),
      send("/hook/0", { body: larger }),
    ]);
    expect(outcomes.length).toBe(2);
    expect(double.requests.slice(1).map(({ status }) => status)).toEqual([413, 413]);
  });

  test("headers above 256 KiB are 431", async () => {
    const path = double.register(RECEIVER);
    expect((await send(path, { headers: [["X-Large", "a".repeat(257 * 1024)]] })).status).toBe(431);
  });

  test("a body that stalls is 400", async () => {
    const path = double.register(RECEIVER);
    const { hostname, port } = new URL(double.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(`POST ${path} HTTP/1.1\r\nHost: receiver\r\nContent-Length: 10\r\n\r\nhalf`);
      });
      socket.on("data", (data) => {
        resolve(data.toString("latin1"));
        socket.destroy();
      });
    });
    expect(answer.startsWith("HTTP/1.1 400 ")).toBe(true);
  });
});

describe("state of the Receiver and its Secret", () => {
  test.each(["suspended", "not-ready"] as const)("%s is 503 before any check", async (condition) => {
    const path = double.register({ ...RECEIVER, condition });
    expect((await send(path)).status).toBe(503);
  });

  test("a token's newline is part of key and path", async () => {
    const path = double.register({ ...RECEIVER, token: `${TOKEN}\n` });
    expect(path).not.toBe(double.register({ ...RECEIVER, name: "sluice", token: TOKEN }));
    const again = double.register({ ...RECEIVER, token: `${TOKEN}\n` });
    expect((await send(again, { headers: signed() })).status).toBe(400);
    const value = `sha256=${hmac("sha256", BODY, `${TOKEN}\n`)}`;
    expect((await send(again, { headers: signed(value) })).status).toBe(200);
  });

  test("a labelled Secret moves the path at once, an unlabelled one changes the key first", async () => {
    const path = double.register(RECEIVER);
    const rotated = signed(`sha256=${hmac("sha256", BODY, "new")}`);
    expect(double.changeToken(RECEIVER, "new", false)).toBe(path);
    expect((await send(path, { headers: signed() })).status).toBe(400);
    expect((await send(path, { headers: rotated })).status).toBe(200);
    const moved = double.changeToken(RECEIVER, "new", true) ?? "";
    expect((await send(path, { headers: rotated })).status).toBe(404);
    expect((await send(moved, { headers: rotated })).status).toBe(200);
  });

  test("a deleted Secret is 404 where labelled, 400 where not", async () => {
    const path = double.register(RECEIVER);
    double.changeToken(RECEIVER, undefined, false);
    expect((await send(path, { headers: signed() })).status).toBe(400);
    double.changeToken(RECEIVER, undefined, true);
    expect((await send(path, { headers: signed() })).status).toBe(404);
  });
});

describe("resources and filter", () => {
  const post = async (body: string, contentType: string | undefined, more: object = {}) => {
    const path = double.register({ ...RECEIVER, type: "generic", filter: "objects", ...more });
    const headers = contentType === undefined ? [] : [["Content-Type", contentType] as const];
    const { status } = await send(path, { headers, body });
    return { status, annotated: double.requests.at(-1)?.annotated };
  };

  test.each([
    { body: BODY, type: "application/json", status: 200, count: 1 },
    { body: BODY, type: "APPLICATION/JSON; charset=utf-8", status: 200, count: 1 },
    { body: `${BODY} trailing`, type: "application/json", status: 200, count: 1 },
    { body: BODY, type: "application/cloudevents+json", status: 200, count: 0 },
    { body: BODY, type: undefined, status: 200, count: 0 },
    { body: "{}", type: "application/json", status: 200, count: 0 },
    { body: "null", type: "application/json", status: 200, count: 0 },
    { body: '{"objects":"OCIRepository/apps/app"}', type: "application/json", status: 200, count: 0 },
    { body: "", type: "application/json", status: 500, count: 0 },
    { body: "{", type: "application/json", status: 500, count: 0 },
    { body: "[]", type: "application/json", status: 500, count: 0 },
    { body: `\ufeff${BODY}`, type: "application/json", status: 500, count: 0 },
  ])("$body as $type is $status and annotates $count", async ({ body, type, status, count }) => {
    const outcome = await post(body, type);
    expect({ ...outcome, annotated: outcome.annotated?.length }).toEqual({ status, annotated: count });
  });

  test("an absent resource is 500, the others are annotated all the same", async () => {
    expect(await post(BODY, "application/json", { absent: ["OCIRepository/apps/other"] })).toEqual({
      status: 500,
      annotated: ["OCIRepository/apps/app"],
    });
  });
});

test.each([
  { header: "Bearer good", status: 200 },
  { header: "Bearer bad", status: 400 },
  { header: "bearer good", status: 400 },
  { header: "Basic good", status: 400 },
  { header: "", status: 400 },
])("generic-oidc with `$header` is $status", async ({ header, status }) => {
  const path = double.register({
    ...RECEIVER,
    type: "generic-oidc",
    isTokenValid: (token) => token === "good",
  });
  expect((await send(path, { headers: [["Authorization", header]] })).status).toBe(status);
});

test("answers with a planned fault and annotates nothing", async () => {
  await double.close();
  const annotated: string[] = [];
  double = await startReceiverDouble({
    fault: ({ body }) => (body.length === 0 ? { status: 503, retryAfter: "7" } : undefined),
    onAnnotated: (resources) => annotated.push(...resources),
  });
  const path = double.register({ ...RECEIVER, type: "generic" });
  expect((await send(path, { body: "" })).status).toBe(503);
  expect(annotated).toEqual([]);
  expect((await send(path)).status).toBe(200);
  expect(annotated).toEqual(RECEIVER.resources);
});
