import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withEndpoints } from "../../../functions/wiring/policy/endpoint-catalog.ts";
import { createHandling } from "../../../functions/wiring/receivers/handling.ts";
import { createDeliverySender } from "../../../functions/wiring/receivers/sender.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import { toDeliveryBody } from "../../../shared/delivery/body.ts";
import type { CatalogView } from "../../../shared/pipeline/deps.ts";
import type { Receiver } from "../../../shared/receiver.ts";
import { type Authority, createAuthority } from "../adapters/certificates.ts";
import { closeServers, listen } from "../adapters/http-server.ts";
import { digestOf, receiverOf, subscriptionOf } from "../pipeline/harness.ts";

const KEY_BYTES = Buffer.alloc(32, 7);
const ENV = { KEY: `whsec_${KEY_BYTES.toString("base64")}`, TOKEN: "t0ken" };
const ENDPOINT = { id: "endpoint/bot", name: "bot", type: "endpoint" } as const;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-endpoints-"));
});
afterEach(async () => {
  await closeServers();
  await rm(folder, { recursive: true, force: true });
});

const configOf = (changes: Record<string, unknown> = {}) =>
  parseConfig(
    JSON.stringify({
      mode: "observe",
      clusters: [{ name: "c", manifests: { folder: "x" } }],
      network: { allowPrivate: ["127.0.0.1/32"] },
      ...changes,
    }),
    { file: "sluice.yaml", baseFolder: folder },
  );

interface Request {
  readonly url: string | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

describe("an endpoint", () => {
  const requests: Request[] = [];
  let authority: Authority;
  beforeEach(async () => {
    requests.length = 0;
    authority = createAuthority("test");
    await writeFile(join(folder, "ca.pem"), authority.certificate);
  });

  const serve = async (tls: Record<string, unknown> = {}): Promise<string> => {
    const { certificate, key } = authority.issue("localhost");
    const { port } = await listen(
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk) => chunks.push(chunk));
        request.on("end", () => {
          requests.push({
            url: request.url,
            headers: request.headers,
            body: Buffer.concat(chunks).toString(),
          });
          response.writeHead(204).end();
        });
      },
      { cert: certificate, key, ...tls },
    );
    return `https://localhost:${port}/hook?team=a`;
  };

  const send = async (
    config: ReturnType<typeof configOf>,
    receiver: Receiver = ENDPOINT,
    mayLeave = () => true,
  ) => {
    const sender = createDeliverySender(config, createNodeSecrets(ENV), { nowMs: Date.now });
    try {
      const change = {
        cluster: "c",
        decisionId: "d1",
        object: subscriptionOf().object,
        repository: subscriptionOf().repository,
        tag: "1.0.0",
        digest: digestOf("1.0.0"),
      };
      const bytes = toDeliveryBody({ id: "dlv_1", timeMs: 0, receiver: receiver.id, changes: [change] });
      const body = { id: "dlv_1", type: "sluice.selection.changed", changes: [change], bytes };
      const delivery = { receiver, body, timeMs: 0, mayLeave };
      return await sender.send(delivery, new AbortController().signal);
    } finally {
      await sender.close();
    }
  };

  test("gets nothing that may not leave any more", async () => {
    const url = await serve();
    const endpoints = [{ name: "bot", url, secrets: [{ env: "KEY" }], ca: "ca.pem" }];
    const outcome = await send(configOf({ endpoints }), ENDPOINT, () => false);
    expect(outcome).toMatchObject({ code: "cancelled", requests: 0 });
    expect(requests).toEqual([]);
  });

  test("gets Standard Webhooks headers over the bytes it gets", async () => {
    const url = await serve();
    const outcome = await send(
      configOf({ endpoints: [{ name: "bot", url, secrets: [{ env: "KEY" }], ca: "ca.pem" }] }),
    );
    expect(outcome).toMatchObject({ code: "accepted", status: 204 });
    const [request] = requests;
    expect(request?.url).toBe("/hook?team=a");
    const {
      "webhook-id": id,
      "webhook-timestamp": time,
      "webhook-signature": signature,
    } = request?.headers ?? {};
    const expected = createHmac("sha256", KEY_BYTES)
      .update(`${id}.${time}.${request?.body}`)
      .digest("base64");
    expect(signature).toBe(`v1,${expected}`);
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      receiver: "endpoint/bot",
      changes: [{ cluster: "c", object: "OCIRepository/apps/app", tag: "1.0.0" }],
    });
  });

  test.each([
    ["cloudevents-binary", "application/json", "sluice.selection.changed"],
    ["cloudevents-structured", "application/cloudevents+json; charset=utf-8", undefined],
  ])("gets %s", async (format, contentType, type) => {
    const url = await serve();
    await send(
      configOf({ endpoints: [{ name: "bot", url, format, secrets: [{ env: "KEY" }], ca: "ca.pem" }] }),
    );
    expect(requests[0]?.headers["content-type"]).toBe(contentType);
    expect(requests[0]?.headers["ce-type"]).toBe(type);
    if (type === undefined) {
      expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({ specversion: "1.0", source: "/sluice" });
    }
  });

  test("is shown the client certificate of its own settings, renewed in its place", async () => {
    const demanding = { requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
    const url = await serve(demanding);
    const mine = authority.issue("sluice");
    await writeFile(join(folder, "client.pem"), mine.certificate);
    await writeFile(join(folder, "client.key"), mine.key);
    const endpoint = { name: "bot", url, secrets: [{ env: "KEY" }], ca: "ca.pem" };
    const clientCertificate = { certificate: "client.pem", key: { file: "client.key" } };
    expect((await send(configOf({ endpoints: [endpoint] }))).code).not.toBe("accepted");
    expect((await send(configOf({ endpoints: [{ ...endpoint, clientCertificate }] }))).code).toBe("accepted");
    expect(requests).toHaveLength(1);
  });

  test.each([
    ["a certificate file that is not there", { ca: "absent.pem" }, "misconfigured"],
    [
      "a client key that is not there",
      { ca: "ca.pem", clientCertificate: { certificate: "ca.pem", key: { file: "absent.key" } } },
      "identity-unavailable",
    ],
    ["an authority that did not sign it", {}, "tls-failed"],
    ["a signing key that is not there", { ca: "ca.pem", secrets: [{ env: "NONE" }] }, "identity-unavailable"],
  ])("with %s is an outcome", async (_name, changes, code) => {
    const url = await serve();
    const endpoint = { name: "bot", url, secrets: [{ env: "KEY" }], ...changes };
    expect((await send(configOf({ endpoints: [endpoint] }))).code).toBe(code);
    expect(requests).toEqual([]);
  });

  test("that is not in sluice.yaml is an outcome", async () => {
    expect((await send(configOf())).code).toBe("misconfigured");
  });
});

describe("who hears of what", () => {
  const catalogOf = (): CatalogView => {
    const all = [
      subscriptionOf({ id: "a", cluster: "c" }),
      subscriptionOf({ id: "b", cluster: "d", repository: { registry: "ghcr.io", repository: "acme/app" } }),
    ];
    return {
      version: "1",
      match: () => all,
      subscription: (id) => all.find((one) => one.id === id),
      receiver: receiverOf,
      subscriptions: () => all,
      followersOf: () => [],
    };
  };
  const clusters = ["c", "d"].map((name) => ({ name, manifests: { folder: "x" } }));

  test.each([
    [{}, ["a", "b"]],
    [{ clusters: ["d"] }, ["b"]],
    [{ repositories: ["ghcr.io/**"] }, ["b"]],
    [{ clusters: ["c"], repositories: ["ghcr.io/**"] }, []],
  ])("%j", (filter, expected) => {
    const endpoint = { name: "bot", url: "https://bot.example.com/", secrets: [{ env: "KEY" }], ...filter };
    const catalog = withEndpoints(configOf({ clusters, endpoints: [endpoint] }), catalogOf)();
    const heard = [...catalog.subscriptions()].filter(({ receivers }) => receivers.includes("endpoint/bot"));
    expect(heard.map(({ id }) => id)).toEqual(expected);
    expect(catalog.subscription("a")?.receivers[0]).toBe(subscriptionOf().receivers[0]);
    expect(catalog.receiver("endpoint/bot")).toEqual(ENDPOINT);
  });

  test("stays the same object while the catalog does", () => {
    const endpoints = [{ name: "bot", url: "https://bot.example.com/", secrets: [{ env: "KEY" }] }];
    const catalog = catalogOf();
    const current = withEndpoints(configOf({ endpoints }), () => catalog);
    expect(current()).toBe(current());
    expect(current().subscription("a")).toBe(current().match(subscriptionOf().repository)[0]);
  });
});

describe("what a receiver is reached by", () => {
  const of = (receiver: Record<string, unknown>, type = "generic-hmac") =>
    createHandling(
      configOf({
        clusters: [
          {
            name: "c",
            manifests: { folder: "x" },
            receiver: { baseUrl: "https://flux.example.com", token: { env: "TOKEN" }, ...receiver },
          },
        ],
      }),
    )({ ...receiverOf("c/apps/sluice"), type }).configuration;

  test("is the same for the same settings, and another for any that may mend it", () => {
    expect(of({})).toBe(of({}));
    const all = [
      of({}),
      of({}, "generic-oidc"),
      of({ baseUrl: "https://other.example.com" }),
      of({ token: { env: "OTHER" } }),
      of({ tokens: { "apps/sluice": { env: "TOKEN" } } }),
      of({ algorithm: "sha512" }),
      of({ allowPrivateAddresses: true }),
      of({ ca: "ca.pem" }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test("pace, confirmation and who asks for versions come from sluice.yaml", () => {
    const config = configOf({
      clusters: [
        {
          name: "c",
          manifests: { folder: "x" },
          receiver: {
            baseUrl: "https://f.example.com",
            token: { env: "TOKEN" },
            concurrency: 4,
            requestsPerMinute: 120,
          },
          confirmation: { secrets: [{ env: "TOKEN" }], within: "1m", repokes: 3 },
          inputs: { tokens: [{ env: "TOKEN" }], providers: ["apps/versions"] },
        },
      ],
    });
    expect(createHandling(config)(receiverOf("c/apps/sluice"))).toMatchObject({
      concurrency: 4,
      intervalMs: 500,
      confirmation: { withinMs: 60_000, repokes: 3 },
      providers: [{ kind: "ResourceSetInputProvider", namespace: "apps", name: "versions" }],
    });
  });
});
