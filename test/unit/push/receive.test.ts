import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { type Received, receivePushes } from "../../../shared/push/receive.ts";
import { SOURCES } from "../../../shared/push/sources.ts";
import { optionsWith, readBody, requestOf, sourceNamed } from "./event-fixtures.ts";

const SECRET = "right";
const options = optionsWith({}, SECRET);

/** A request that the source accepts as genuine. */
const genuine = (name: string, body: Uint8Array, headers: Record<string, string> = {}) => {
  const sign = (algorithm: string) => createHmac(algorithm, SECRET).update(body).digest("hex");
  const proof: Record<string, string> = {
    authorization: `Bearer ${SECRET}`,
    "x-hub-signature-256": `sha256=${sign("sha256")}`,
    "x-signature": `sha256=${sign("sha256")}`,
    "x-jfrog-event-auth": sign("sha256"),
    "x-nexus-webhook-signature": sign("sha1"),
  };
  return requestOf(body, { ...proof, ...headers }, { path: `/events/${name}/${SECRET}` });
};
const receive = (
  name: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Received> => {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return receivePushes(sourceNamed(name), genuine(name, bytes, headers), options);
};
const NAMES = Object.keys(SOURCES);

describe("statuses", () => {
  test.each([
    // Sent again for ever, with everything behind it waiting.
    { name: "distribution", status: 202 },
    { name: "gitlab", status: 202 },
    { name: "gar", status: 204 },
    // The third failure switches the notification off.
    { name: "quay", status: 200 },
    // Straight to the dead letters.
    { name: "acr-eventgrid", status: 400 },
    { name: "ecr", status: 400 },
    { name: "acr-webhook", status: 400 },
    { name: "ghcr", status: 400 },
    { name: "dockerhub", status: 400 },
    { name: "harbor", status: 400 },
    { name: "zot", status: 400 },
    { name: "jfrog", status: 400 },
    { name: "nexus", status: 400 },
    { name: "cloudevents", status: 400 },
    { name: "sluice", status: 400 },
  ])("$name hears $status to a body nobody can read", async ({ name, status }) => {
    const received = await receive(name, "not json", { "ce-type": "x" });
    expect(received).toMatchObject({
      kind: "unreadable",
      error: { code: "PUSH_MALFORMED" },
      answer: { status },
    });
  });

  test.each(NAMES)(
    "%s hears 413 to a body that is too long, which is neither checked nor read",
    async (name) => {
      const source = sourceNamed(name);
      const request = requestOf(new Uint8Array(source.maxBytes + 1), { authorization: "Bearer wrong" });
      const received = await receivePushes(source, request, options);
      expect(received).toMatchObject({
        kind: "unreadable",
        error: { code: "PUSH_TOO_LARGE" },
        answer: { status: 413 },
      });
    },
  );

  test.each(NAMES)("%s hears that it is not who it says before its body is read", async (name) => {
    const received = await receivePushes(sourceNamed(name), requestOf("not json"), options);
    expect(received).toMatchObject({
      kind: "refused",
      answer: { status: name === "dockerhub" || name === "quay" ? 404 : 401, body: "" },
    });
  });

  test.each(NAMES)("%s hears 405 to GET", async (name) => {
    const received = await receivePushes(
      sourceNamed(name),
      { ...genuine(name, new Uint8Array()), method: "GET" },
      options,
    );
    expect(received).toMatchObject({ kind: "refused", reason: "method", answer: { status: 405 } });
  });

  test.each([
    { name: "distribution", file: "distribution/unknown-action.json", status: 202, trusted: true },
    { name: "acr-eventgrid", file: "acr-eventgrid/another-topic.json", status: 200, trusted: true },
    { name: "harbor", file: "harbor/quota.json", status: 200, trusted: true },
    { name: "gar", file: "gar/delete-tag.json", status: 204, trusted: true },
    { name: "quay", file: "quay/push.json", status: 200, trusted: false },
    { name: "dockerhub", file: "dockerhub/push.json", status: 200, trusted: false },
    { name: "nexus", file: "nexus/asset-tag.json", status: 200, trusted: true },
    { name: "sluice", file: "sluice/reference.json", status: 202, trusted: true },
  ])("$name hears $status to $file; trusted: $trusted", async ({ name, file, status, trusted }) => {
    const received = await receive(name, readBody(file));
    expect(received).toMatchObject({ kind: "pushes", trusted, answer: { status } });
    expect(received.kind === "pushes" && received.pushes.length).toBe(1);
  });
});

test("an issuer whose keys are out of reach leaves the question open", async () => {
  const down = new PipelineError("cannot read the keys", { code: "SECRET_UNAVAILABLE" });
  const keys = { at: () => () => Promise.reject(down) };
  const token = { issuers: ["https://accounts.google.com"], audience: "a", email: "e", keys };
  const header = Buffer.from('{"alg":"RS256","kid":"k"}').toString("base64url");
  const request = requestOf("{}", { authorization: `Bearer ${header}.e30.AA` });
  await expect(receivePushes(sourceNamed("gar"), request, optionsWith({ token }))).rejects.toBe(down);
});

describe("Event Grid's validation", () => {
  const body = readBody("acr-eventgrid/validation.json");
  const headers = { "aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "SLUICE" };

  test("gets its code back, as 200 and JSON", async () => {
    const received = await receive("acr-eventgrid", body, headers);
    expect(received).toEqual({
      kind: "handshake",
      answer: {
        status: 200,
        headers: { "content-type": "application/json" },
        body: '{"validationResponse":"0b9f2d4e-1111-4222-a333-5c5d5e5f6061"}',
      },
    });
  });

  test.each([
    { subscriptionName: "sluice", kind: "handshake" },
    { subscriptionName: "another", kind: "pushes" },
  ])("for subscription $subscriptionName ends in $kind", async ({ subscriptionName, kind }) => {
    const received = await receivePushes(
      sourceNamed("acr-eventgrid"),
      genuine("acr-eventgrid", body, headers),
      {
        ...options,
        subscriptionName,
      },
    );
    expect(received.kind).toBe(kind);
    if (received.kind === "pushes") expect(received.pushes).toMatchObject([{ reason: "handshake" }]);
  });

  test("is not answered to a stranger", async () => {
    const received = await receivePushes(sourceNamed("acr-eventgrid"), requestOf(body, headers), options);
    expect(received).toMatchObject({ kind: "refused", answer: { status: 401, body: "" } });
  });

  test.each([
    '[{"data":{"validationCode":"<script>"}}]',
    "[{}]",
    "[]",
    "{}",
    '[{"data":{"validationCode":5}}]',
  ])("without a code is unreadable: %s", async (text) => {
    expect(await receive("acr-eventgrid", text, headers)).toMatchObject({
      kind: "unreadable",
      answer: { status: 400 },
    });
  });
});

describe("consent by OPTIONS", () => {
  const ask = (name: string, headers: Record<string, string>, allowedOrigins?: readonly string[]) =>
    receivePushes(
      sourceNamed(name),
      requestOf("", headers, { method: "OPTIONS" }),
      optionsWith(allowedOrigins === undefined ? {} : { allowedOrigins }),
    );

  test("is given to Event Grid, with the rate it asked for", async () => {
    const headers = { "webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120" };
    expect(await ask("acr-eventgrid", headers)).toEqual({
      kind: "handshake",
      answer: {
        status: 200,
        headers: {
          allow: "POST, OPTIONS",
          "webhook-allowed-origin": "eventgrid.azure.net",
          "webhook-allowed-rate": "120",
        },
        body: "",
      },
    });
  });

  test.each([
    { name: "acr-eventgrid", origin: "evil.example", allowed: undefined },
    { name: "acr-eventgrid", origin: undefined, allowed: undefined },
    { name: "cloudevents", origin: "eventgrid.azure.net", allowed: undefined },
    { name: "cloudevents", origin: "ci.example", allowed: ["other.example"] },
    { name: "harbor", origin: "eventgrid.azure.net", allowed: ["eventgrid.azure.net"] },
  ])("is not given by $name to $origin", async ({ name, origin, allowed }) => {
    const headers = origin === undefined ? {} : { "webhook-request-origin": origin };
    expect(await ask(name, headers, allowed)).toMatchObject({ kind: "refused", answer: { status: 405 } });
  });

  test("repeats no text of the sender's", async () => {
    const headers = { "webhook-request-origin": "CI.example", "webhook-request-rate": "1\r\nset-cookie: x" };
    expect(await ask("cloudevents", headers, ["ci.example"])).toMatchObject({
      answer: { headers: { "webhook-allowed-origin": "ci.example", "webhook-allowed-rate": "*" } },
    });
  });
});
