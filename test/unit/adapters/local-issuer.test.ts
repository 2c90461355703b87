import { generateKeyPairSync } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { createLocalIssuer } from "../../../shared/adapters/node/local-issuer.ts";
import { Secret } from "../../../shared/artifact/secret.ts";

const START_MS = 1_700_000_000_000;
const ISSUER = "https://sluice.example.com";
const { signal } = new AbortController();

const ecKey = (curve = "P-256"): Secret =>
  new Secret(
    generateKeyPairSync("ec", { namedCurve: curve }).privateKey.export({ type: "pkcs8", format: "pem" }),
  );
const rsaKey = (bits: number): Secret =>
  new Secret(
    generateKeyPairSync("rsa", { modulusLength: bits }).privateKey.export({ type: "pkcs8", format: "pem" }),
  );

const world = (...first: readonly Secret[]) => {
  const state = { nowMs: START_MS, keys: first };
  const issuer = createLocalIssuer(
    { issuer: ISSUER, subject: "sluice", keys: async () => state.keys },
    { nowMs: () => state.nowMs },
  );
  const verify = async (token: Secret, audience: string) => {
    const keys = createLocalJWKSet((await issuer.keys()) as JSONWebKeySet);
    return jwtVerify(token.reveal(), keys, { issuer: ISSUER, audience, currentDate: new Date(state.nowMs) });
  };
  return { state, issuer, verify };
};

test.each([
  ["EC P-256", ecKey()],
  ["RSA", rsaKey(2048)],
])("a token of an %s key verifies by what is published, for its audience alone", async (_name, key) => {
  const { issuer, verify } = world(key);
  const token = await issuer.token("cluster-a", signal);
  const { payload } = await verify(token, "cluster-a");
  expect(payload).toMatchObject({ iss: ISSUER, sub: "sluice", aud: "cluster-a" });
  expect((payload.exp ?? 0) - START_MS / 1000).toBe(600);
  await expect(verify(token, "cluster-b")).rejects.toThrow();
  expect(issuer.discovery()).toMatchObject({ issuer: ISSUER, jwks_uri: `${ISSUER}/openid/keys` });
});

test("what is published holds no private part", async () => {
  const { issuer } = world(ecKey(), rsaKey(2048));
  const { keys } = await issuer.keys();
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) expect(key).not.toHaveProperty(secret);
  }
});

test("while a key is rotated, tokens of both verify", async () => {
  const [before, after] = [ecKey(), ecKey()];
  const { state, issuer, verify } = world(before);
  const old = await issuer.token("a", signal);
  state.keys = [after, before];
  const fresh = await issuer.token("a", signal);
  expect(fresh.reveal()).not.toBe(old.reveal());
  await verify(old, "a");
  await verify(fresh, "a");
  state.keys = [after];
  await expect(verify(old, "a")).rejects.toThrow();
});

test.each([
  ["no key at all", [], "there is no key"],
  ["something else", [new Secret("hunter2")], "not a private key in PEM"],
  ["a small RSA key", [rsaKey(1024)], "at least 2048 bits"],
  ["another curve", [ecKey("P-384")], "must be EC P-256"],
])("%s cannot sign, and is not quoted", async (_name, keys, message) => {
  const { issuer } = world(...keys);
  const failure = issuer.token("a", signal);
  await expect(failure).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE" });
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.not.toThrow("hunter2");
});
