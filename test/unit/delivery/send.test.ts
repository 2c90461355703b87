import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import type { PostFetch } from "../../../shared/delivery/send.ts";
import {
  BODY,
  closeServers,
  flux,
  hmac,
  hmacOf,
  listen,
  never,
  pathOf,
  receiver,
  sender,
  to,
} from "./loopback.ts";

afterEach(closeServers);

describe("a Flux Receiver", () => {
  test.each([
    { asked: 1, code: "cancelled", requests: 0 },
    { asked: 2, code: "not-found", requests: 1 },
  ])("gets nothing any more once it may not leave: request $asked", async ({ asked, ...expected }) => {
    const { baseUrl, requests } = await listen(receiver("old"));
    let asks = 0;
    const mayLeave = (): boolean => ++asks < asked;
    const outcome = await sender()({ ...flux(baseUrl, hmac("new", "old")), mayLeave }, never);
    expect(outcome).toMatchObject(expected);
    expect(requests).toHaveLength(expected.requests);
  });

  test("gets one signed POST with the body as it is", async () => {
    const { baseUrl, requests } = await listen(receiver("new"));
    const outcome = await sender()(flux(`${baseUrl}/`, hmac("new")), never);
    expect(outcome).toEqual({
      code: "accepted",
      status: 200,
      durationMs: 7,
      requests: 1,
      usedPreviousToken: false,
      unexpectedBody: false,
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: "POST", url: pathOf("new"), body: BODY });
    expect(requests[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(BODY.length),
      "x-signature": hmacOf("new"),
      "accept-encoding": "identity",
    });
    expect(requests[0]?.headers["webhook-id"]).toBeUndefined();
  });

  test("gets Standard Webhooks headers beside its own where a key is configured", async () => {
    const { baseUrl, requests } = await listen(receiver("new"));
    const key = new Secret(`whsec_${Buffer.alloc(32, 1).toString("base64")}`);
    await sender()(flux(baseUrl, hmac("new"), [key]), never);
    const timestamp = requests[0]?.headers["webhook-timestamp"];
    const expected = createHmac("sha256", Buffer.alloc(32, 1))
      .update(`dlv_1.${timestamp}.${BODY}`)
      .digest("base64");
    expect(timestamp).toBe("1795356300");
    expect(requests[0]?.headers).toMatchObject({
      "x-signature": hmacOf("new"),
      "webhook-id": "dlv_1",
      "webhook-signature": `v1,${expected}`,
    });
  });

  test("of type generic gets no signature", async () => {
    const { baseUrl, requests } = await listen((_seen, response) => response.end());
    await sender()(flux(baseUrl, { kind: "generic", token: new Secret("t") }), never);
    expect(requests[0]).toMatchObject({ url: pathOf("t") });
    expect(requests[0]?.headers["x-signature"]).toBeUndefined();
  });

  test("of type generic-oidc gets a token for its audience, at the path without token", async () => {
    const { baseUrl, requests } = await listen((_seen, response) => response.end());
    const identityToken = async (audience: string) => new Secret(`jwt-for-${audience}`);
    const oidc = { kind: "generic-oidc", audience: "prod-eu" } as const;
    expect(await sender({ identityToken })(flux(baseUrl, oidc), never)).toMatchObject({ code: "accepted" });
    expect(requests[0]).toMatchObject({ url: pathOf() });
    expect(requests[0]?.headers.authorization).toBe("Bearer jwt-for-prod-eu");
  });
});

describe("a token being rotated", () => {
  test.each([
    { of: "the cluster has both new", path: "new", key: "new", requests: 1, old: false },
    { of: "the cluster has both old", path: "old", key: "old", requests: 2, old: true },
    { of: "an unlabelled Secret: old path, new key", path: "old", key: "new", requests: 3, old: true },
  ])("$of", async ({ path, key, requests, old }) => {
    const receiverSide = await listen(receiver(path, key));
    const outcome = await sender()(flux(receiverSide.baseUrl, hmac("new", "old")), never);
    expect(outcome).toMatchObject({ code: "accepted", requests, usedPreviousToken: old });
    expect(receiverSide.requests).toHaveLength(requests);
  });

  test("the first answer stands when no token helps", async () => {
    const { baseUrl, requests } = await listen((seen, response) => {
      response.writeHead(seen.url === pathOf("new") ? 400 : 404).end();
    });
    const outcome = await sender()(flux(baseUrl, hmac("new", "old")), never);
    expect(outcome).toMatchObject({
      code: "bad-request",
      status: 400,
      requests: 2,
      usedPreviousToken: false,
    });
    expect(requests).toHaveLength(2);
  });

  test("what the older token finds counts, also when it is suspended", async () => {
    const { baseUrl } = await listen(receiver("old", "old", 503));
    expect(await sender()(flux(baseUrl, hmac("new", "old")), never)).toMatchObject({
      code: "unavailable",
      usedPreviousToken: true,
    });
  });

  test.each([401, 410, 413, 429, 500, 503])("%i does not ask for another token", async (status) => {
    const { baseUrl, requests } = await listen((_seen, response) => response.writeHead(status).end());
    await sender()(flux(baseUrl, hmac("new", "old")), never);
    expect(requests).toHaveLength(1);
  });

  test("without an older token nothing is sent twice", async () => {
    const { baseUrl, requests } = await listen((_seen, response) => response.writeHead(404).end());
    expect(await sender()(flux(baseUrl, hmac("new")), never)).toMatchObject({
      code: "not-found",
      requests: 1,
    });
    expect(requests).toHaveLength(1);
  });
});

describe("another endpoint", () => {
  const url = new Secret("https://hooks.example.com/in/s3cret-path?k=1");
  const key = new Secret(`whsec_${Buffer.alloc(32, 1).toString("base64")}`);
  type Call = { url: string; headers: Readonly<Record<string, string>>; body: string };

  const record = () => {
    const calls: Call[] = [];
    const post: PostFetch = async (target, { headers, body }) => {
      calls.push({ url: target, headers, body: new TextDecoder().decode(body) });
      return new Response(null, { status: 204 });
    };
    return { calls, send: sender({ post }) };
  };

  test("gets the body under Standard Webhooks signatures, at exactly its address", async () => {
    const { calls, send } = record();
    const outcome = await send(to({ kind: "endpoint", url, format: "json", signingKeys: [key] }), never);
    expect(outcome).toMatchObject({ code: "accepted", status: 204 });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ url: url.reveal(), body: BODY });
    expect(calls[0]?.headers).toMatchObject({ "content-type": "application/json", "webhook-id": "dlv_1" });
  });

  test("a structured event is signed as a whole", async () => {
    const { calls, send } = record();
    await send(to({ kind: "endpoint", url, format: "cloudevents-structured", signingKeys: [key] }), never);
    const { headers, body } = calls[0] ?? { headers: {} as Call["headers"], body: "" };
    const signed = `dlv_1.${headers["webhook-timestamp"]}.${body}`;
    const expected = createHmac("sha256", Buffer.alloc(32, 1)).update(signed).digest("base64");
    expect(JSON.parse(body)).toMatchObject({ specversion: "1.0", data: JSON.parse(BODY) });
    expect(headers["content-type"]).toMatch(/^application\/cloudevents\+json/);
    expect(headers["webhook-signature"]).toBe(`v1,${expected}`);
  });

  test.each([
    { of: "nothing to prove who sends", target: { url, signingKeys: [] } },
    { of: "plain HTTP", target: { url: new Secret("http://hooks.example.com/"), signingKeys: [key] } },
    {
      of: "credentials in the address",
      target: { url: new Secret("https://u:p@hooks.example.com/"), signingKeys: [key] },
    },
    { of: "a file", target: { url: new Secret("file:///etc/passwd"), signingKeys: [key] } },
    { of: "no URL", target: { url: new Secret("hooks"), signingKeys: [key] } },
    { of: "a bad key", target: { url, signingKeys: [new Secret("whsec_short")] } },
  ])("with $of is misconfigured, and nothing is sent", async ({ target }) => {
    const { calls, send } = record();
    const outcome = await send(to({ kind: "endpoint", format: "json", ...target }), never);
    expect(outcome).toMatchObject({ code: "misconfigured", requests: 0 });
    expect(calls).toEqual([]);
  });
});

test.each(["http://h/?q=1", "http://h/#f", "http://u@h/", "ftp://h/", "h", "http://h/hook/"])(
  "the receiver address %s is misconfigured",
  async (baseUrl) => {
    expect(await sender()(flux(baseUrl, hmac("t")), never)).toMatchObject({
      code: "misconfigured",
      requests: 0,
    });
  },
);
