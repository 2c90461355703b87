import { createHmac, generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { createFront } from "../../../functions/wiring/http/front.ts";
import { createOwnIdentity } from "../../../functions/wiring/receivers/identity.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { IncomingRequest, QueuedWork } from "../../../shared/ports.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 14, 5, 0);
const DIGEST = `sha256:${"a".repeat(64)}`;
const KEY = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});
const ENV = { EVENTS: "new-t0ken", OLD: "old-t0ken", KEY: KEY.toString(), FILE_TOKEN: "eyJ.a.b\n" };

const configOf = (changes: Record<string, unknown> = {}) =>
  parseConfig(
    JSON.stringify({
      mode: "observe",
      clusters: [
        {
          name: "prod",
          manifests: { folder: "x" },
          confirmation: { secrets: [{ env: "EVENTS" }, { env: "OLD" }] },
        },
        {
          name: "silent",
          manifests: { folder: "x" },
        },
      ],
      identity: { issuer: "https://sluice.example.com/oidc", keys: [{ env: "KEY" }] },
      ...changes,
    }),
    { file: "sluice.yaml", baseFolder: "/" },
  );

const sent: QueuedWork[] = [];
const log: string[] = [];
let broken = false;
beforeEach(() => {
  sent.length = 0;
  log.length = 0;
  broken = false;
});

const front = (config = configOf(), env: Record<string, string> = ENV) => {
  const secrets = createNodeSecrets(env);
  const clock = { nowMs: () => NOW_MS };
  const queue = {
    async send(messages: readonly QueuedWork[]) {
      if (broken) throw new PipelineError("full", { code: "QUEUE_UNAVAILABLE" });
      sent.push(...messages);
    },
  };
  const issuer = createOwnIdentity(config, secrets, clock)?.issuer;
  const events = async () => ({ status: 299, headers: {}, body: "events" });
  return createFront(config, { clock, queue, secrets, issuer, log: (event) => void log.push(event) }, events);
};

const request = (path: string, body = "", changes: Partial<IncomingRequest> = {}): IncomingRequest => ({
  method: "POST",
  path,
  query: "",
  headers: { "x-signature": `sha256=${createHmac("sha256", ENV.EVENTS).update(body).digest("hex")}` },
  body: Buffer.from(body),
  ...changes,
});

const event = (changes: Record<string, unknown> = {}): string =>
  JSON.stringify({
    involvedObject: {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "OCIRepository",
      namespace: "apps",
      name: "app",
    },
    severity: "info",
    timestamp: "2026-11-22T14:04:50Z",
    message: "m".repeat(5_000),
    reason: "NewArtifact",
    metadata: { revision: `1.4.2@${DIGEST}` },
    reportingController: "source-controller",
    ...changes,
  });

describe("a cluster's own event", () => {
  test("is on the queue before it is answered, its message cut short", async () => {
    const answer = await front()(request("/clusters/prod/events", event()));
    expect(answer.status).toBe(202);
    expect(sent).toMatchObject([
      {
        work: { kind: "confirm", receivedAtMs: NOW_MS, event: { cluster: "prod", reason: "NewArtifact" } },
      },
    ]);
    const [{ work } = {}] = sent;
    expect(work?.kind === "confirm" && work.event.message.length).toBe(2_000);
    expect(log).toEqual(["event-accepted"]);
  });

  test("that comes again is the same message", async () => {
    const take = front();
    await take(request("/clusters/prod/events", event()));
    await take(request("/clusters/prod/events", event()));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  });

  test("is taken under the older token too, while it is rotated", async () => {
    const headers = {
      "x-signature": `sha256=${createHmac("sha256", ENV.OLD).update(event()).digest("hex")}`,
    };
    expect((await front()(request("/clusters/prod/events", event(), { headers }))).status).toBe(202);
  });

  test.each([
    ["without a signature", request("/clusters/prod/events", event(), { headers: {} }), 401],
    [
      "with another's signature",
      request("/clusters/prod/events", event(), { body: Buffer.from(event({ reason: "x" })) }),
      401,
    ],
    ["ten minutes old", request("/clusters/prod/events", event({ timestamp: "2026-11-22T13:54:00Z" })), 401],
    ["from the future", request("/clusters/prod/events", event({ timestamp: "2026-11-22T14:08:00Z" })), 401],
    ["that is no event", request("/clusters/prod/events", "{}"), 400],
    ["above its size", request("/clusters/prod/events", event({ message: "m".repeat(300_000) })), 413],
    ["by GET", request("/clusters/prod/events", "", { method: "GET" }), 405],
    ["of a cluster that sends none", request("/clusters/silent/events", event()), 299],
  ])("%s: %s is refused", async (_name, incoming, status) => {
    expect((await front()(incoming)).status).toBe(status);
    expect(sent).toEqual([]);
  });

  test.each([
    ["the queue is out of reach", ENV, true],
    ["the token cannot be read", {}, false],
  ])("is to be sent again where %s", async (_name, env, isBroken) => {
    broken = isBroken;
    const answer = await front(
      configOf({ identity: undefined }),
      env,
    )(request("/clusters/prod/events", event()));
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("5");
    expect(JSON.stringify(answer)).not.toContain("t0ken");
  });
});

describe("Sluice as its own issuer", () => {
  const get = (path: string) => front()(request(path, "", { method: "GET", headers: {} }));

  test("publishes where its keys are, and them", async () => {
    const discovery = await get("/oidc/.well-known/openid-configuration");
    expect(JSON.parse(String(discovery.body))).toMatchObject({
      issuer: "https://sluice.example.com/oidc",
      jwks_uri: "https://sluice.example.com/oidc/openid/keys",
    });
    const keys = await get("/oidc/openid/keys");
    expect(JSON.parse(String(keys.body)).keys).toHaveLength(1);
    expect(String(keys.body)).not.toContain('"d"');
  });

  test("is not there where sluice.yaml does not say so", async () => {
    const config = configOf({ identity: { tokens: { a: { env: "FILE_TOKEN" } } } });
    const answer = await front(config)(request("/oidc/openid/keys", "", { method: "GET" }));
    expect(answer.status).toBe(299);
  });
});

test("tokens that something else keeps fresh are read by audience, without their last newline", async () => {
  const config = configOf({ identity: { tokens: { a: { env: "FILE_TOKEN" } } } });
  const identity = createOwnIdentity(config, createNodeSecrets(ENV), { nowMs: () => 0 });
  const { signal } = new AbortController();
  expect((await identity?.token("a", signal))?.reveal()).toBe("eyJ.a.b");
  await expect(identity?.token("b", signal)).rejects.toThrow("identity.tokens");
});
