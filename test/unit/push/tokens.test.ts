import {
  exportJWK,
  exportSPKI,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import type { TokenRule } from "../../../shared/push/token.ts";
import { createTokenRule } from "../../../shared/push/token-rule.ts";
import { NOW_MS, optionsWith, requestOf, sourceNamed } from "./event-fixtures.ts";

const NOW = NOW_MS / 1000;
const TENANT = "11111111-2222-4333-8444-555555555555";
const AUDIENCE = "https://sluice.example.com/events";
const EMAIL = "pubsub-push@acme-prod.iam.gserviceaccount.com";
const EVENT_GRID = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

const GOOGLE_CLAIMS: JWTPayload = {
  iss: "https://accounts.google.com",
  aud: AUDIENCE,
  email: EMAIL,
  email_verified: true,
  iat: NOW - 10,
  exp: NOW + 3600,
};
const ENTRA_CLAIMS: JWTPayload = {
  iss: `https://sts.windows.net/${TENANT}/`,
  aud: AUDIENCE,
  appid: EVENT_GRID,
  roles: ["AzureEventGridSecureWebhookSubscriber"],
  iat: NOW - 10,
  nbf: NOW - 10,
  exp: NOW + 3600,
};

let rsa: GenerateKeyPairResult;
let ec: GenerateKeyPairResult;
let stranger: GenerateKeyPairResult;
let garRule: TokenRule;
let entraRule: TokenRule;
const asked: string[] = [];

beforeAll(async () => {
  rsa = await generateKeyPair("RS256", { extractable: true });
  ec = await generateKeyPair("ES256", { extractable: true });
  stranger = await generateKeyPair("RS256", { extractable: true });
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: "rsa-1", use: "sig" },
    { ...(await exportJWK(ec.publicKey)), kid: "ec-1", use: "sig" },
    {
      kty: "oct",
      kid: "oct-1",
      k: Buffer.from("published to everybody, so no secret").toString("base64url"),
    },
  ];
  const fetchJson = async (url: string): Promise<unknown> => {
    asked.push(url);
    return { keys };
  };
  garRule = createTokenRule({ source: "gar", audience: AUDIENCE, email: EMAIL }, fetchJson);
  const issuer = `https://login.microsoftonline.com/${TENANT}/v2.0`;
  entraRule = createTokenRule({ source: "acr-eventgrid", audience: AUDIENCE, issuer }, fetchJson);
});

const sign = (
  claims: JWTPayload,
  header: JWTHeaderParameters = { alg: "RS256", kid: "rsa-1" },
  key: Parameters<SignJWT["sign"]>[0] = header.alg === "ES256" ? ec.privateKey : rsa.privateKey,
): Promise<string> => new SignJWT(claims).setProtectedHeader(header).sign(key);

const judge = async (source: string, rule: TokenRule, token: string) =>
  sourceNamed(source).authenticate(
    requestOf("{}", { authorization: `Bearer ${token}` }),
    optionsWith({ token: rule }),
  );

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("Pub/Sub's token", () => {
  test.each([
    { shows: "RS256", header: { alg: "RS256", kid: "rsa-1" } },
    { shows: "ES256", header: { alg: "ES256", kid: "ec-1" } },
  ])("is accepted: $shows", async ({ header }) => {
    expect(await judge("gar", garRule, await sign(GOOGLE_CLAIMS, header))).toEqual({
      authentic: true,
      by: "token",
    });
  });

  test("is accepted with the issuer's short name, and within a minute of clock skew", async () => {
    const claims = { ...GOOGLE_CLAIMS, iss: "accounts.google.com", exp: NOW - 50 };
    expect(await judge("gar", garRule, await sign(claims))).toEqual({ authentic: true, by: "token" });
  });

  test.each<{ shows: string; claims: JWTPayload }>([
    {
      shows: "another issuer",
      claims: { ...GOOGLE_CLAIMS, iss: "https://accounts.google.com.evil.example" },
    },
    { shows: "another audience", claims: { ...GOOGLE_CLAIMS, aud: "https://other.example.com" } },
    {
      shows: "somebody else's service account",
      claims: { ...GOOGLE_CLAIMS, email: "x@evil.iam.gserviceaccount.com" },
    },
    { shows: "the same address in another case", claims: { ...GOOGLE_CLAIMS, email: EMAIL.toUpperCase() } },
    { shows: "an unverified address", claims: { ...GOOGLE_CLAIMS, email_verified: false } },
    { shows: "a verification that is text", claims: { ...GOOGLE_CLAIMS, email_verified: "true" } },
    { shows: "an expired token", claims: { ...GOOGLE_CLAIMS, exp: NOW - 61 } },
    { shows: "a token from the future", claims: { ...GOOGLE_CLAIMS, nbf: NOW + 61 } },
  ])("is refused: $shows", async ({ claims }) => {
    expect(await judge("gar", garRule, await sign(claims))).toEqual({
      authentic: false,
      reason: "token-refused",
    });
  });

  test.each(["email", "email_verified", "iss", "aud", "exp", "iat"])(
    "is refused without %s",
    async (claim) => {
      const claims = Object.fromEntries(Object.entries(GOOGLE_CLAIMS).filter(([name]) => name !== claim));
      expect(await judge("gar", garRule, await sign(claims))).toEqual({
        authentic: false,
        reason: "token-refused",
      });
    },
  );

  test("is refused when unsigned", async () => {
    const token = `${encode({ alg: "none", kid: "rsa-1" })}.${encode(GOOGLE_CLAIMS)}.`;
    expect(await judge("gar", garRule, token)).toEqual({ authentic: false, reason: "token-missing" });
    expect(await judge("gar", garRule, `${token}AA`)).toEqual({ authentic: false, reason: "token-refused" });
  });

  test("is refused when the public key served as an HMAC secret", async () => {
    const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
    const token = await sign(GOOGLE_CLAIMS, { alg: "HS256", kid: "rsa-1" }, secret);
    expect(await judge("gar", garRule, token)).toEqual({ authentic: false, reason: "token-refused" });
  });

  test("is refused when signed with a symmetric key that the key set published", async () => {
    const secret = new TextEncoder().encode("published to everybody, so no secret");
    const token = await sign(GOOGLE_CLAIMS, { alg: "HS256", kid: "oct-1" }, secret);
    expect(await judge("gar", garRule, token)).toEqual({ authentic: false, reason: "token-refused" });
  });

  test("is refused under another algorithm, whatever key is found", async () => {
    const secret = new TextEncoder().encode("a secret that a wrong key port would hand out");
    const rule: TokenRule = { ...garRule, keys: { at: () => async () => secret } };
    expect(await judge("gar", rule, await sign(GOOGLE_CLAIMS, { alg: "HS256" }, secret))).toMatchObject({
      reason: "token-refused",
    });
    const key = { ...(await exportJWK(rsa.privateKey)), alg: "RS512" };
    const rs512 = await sign(GOOGLE_CLAIMS, { alg: "RS512", kid: "rsa-1" }, key);
    expect(await judge("gar", garRule, rs512)).toMatchObject({ reason: "token-refused" });
  });

  test("is not looked at when it is too long", async () => {
    const token = await sign({ ...GOOGLE_CLAIMS, padding: "x".repeat(20_000) });
    expect(await judge("gar", garRule, token)).toEqual({ authentic: false, reason: "token-missing" });
  });

  test.each(["rsa-1", "unknown"])("is refused when signed with a stranger's key called %s", async (kid) => {
    const token = await sign(GOOGLE_CLAIMS, { alg: "RS256", kid }, stranger.privateKey);
    expect(await judge("gar", garRule, token)).toEqual({ authentic: false, reason: "token-refused" });
  });

  test("cannot bring its own key, or say where to fetch it", async () => {
    asked.length = 0;
    const jwk = await exportJWK(stranger.publicKey);
    const header = {
      alg: "RS256",
      kid: "mine",
      jwk,
      jku: "https://evil.example/keys",
      x5u: "https://evil.example/c",
    };
    const token = await sign(GOOGLE_CLAIMS, header, stranger.privateKey);
    expect(await judge("gar", garRule, token)).toEqual({ authentic: false, reason: "token-refused" });
    expect(asked.filter((url) => url.includes("evil"))).toEqual([]);
  });

  test("is refused when altered", async () => {
    const [header, , signature] = (await sign(GOOGLE_CLAIMS)).split(".");
    const forged = `${header}.${encode({ ...GOOGLE_CLAIMS, exp: NOW + 9e9 })}.${signature}`;
    expect(await judge("gar", garRule, forged)).toEqual({ authentic: false, reason: "token-refused" });
  });

  test.each(["", "a.b", "a.b.c.d", "a.b.c", `${"a".repeat(20_000)}.b.c`])(
    "is refused when it is no token",
    async (text) => {
      expect(await judge("gar", garRule, text)).toMatchObject({ authentic: false });
    },
  );

  test("needs a rule with address and audience", async () => {
    const token = await sign(GOOGLE_CLAIMS);
    const { email: _, ...withoutEmail } = garRule;
    for (const rule of [
      withoutEmail,
      { ...garRule, email: "" },
      { ...garRule, audience: "" },
      { ...garRule, issuers: [] },
    ])
      expect(await judge("gar", rule, token)).toEqual({ authentic: false, reason: "token-rule-incomplete" });
  });
});

describe("Event Grid's token", () => {
  test.each<{ shows: string; claims: JWTPayload }>([
    { shows: "version 1: appid", claims: ENTRA_CLAIMS },
    {
      shows: "version 2: azp",
      claims: {
        ...ENTRA_CLAIMS,
        iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
        appid: undefined,
        azp: EVENT_GRID,
      },
    },
  ])("is accepted: $shows", async ({ claims }) => {
    expect(await judge("acr-eventgrid", entraRule, await sign(claims))).toEqual({
      authentic: true,
      by: "token",
    });
  });

  test.each<{ shows: string; claims: JWTPayload }>([
    {
      shows: "another tenant",
      claims: { ...ENTRA_CLAIMS, iss: "https://sts.windows.net/99999999-2222-4333-8444-555555555555/" },
    },
    {
      shows: "another application",
      claims: { ...ENTRA_CLAIMS, appid: "00000000-0000-4000-8000-000000000000" },
    },
    { shows: "azp of another application beside the right appid", claims: { ...ENTRA_CLAIMS, azp: "other" } },
    { shows: "no role", claims: { ...ENTRA_CLAIMS, roles: [] } },
    {
      shows: "the role as text",
      claims: { ...ENTRA_CLAIMS, roles: "AzureEventGridSecureWebhookSubscriber" },
    },
    { shows: "another audience", claims: { ...ENTRA_CLAIMS, aud: "api://other" } },
  ])("is refused: $shows", async ({ claims }) => {
    expect(await judge("acr-eventgrid", entraRule, await sign(claims))).toEqual({
      authentic: false,
      reason: "token-refused",
    });
  });

  test("may be replaced by a secret, but a bad token is not helped by having none configured", async () => {
    const { authenticate } = sourceNamed("acr-eventgrid");
    const both = optionsWith({ token: entraRule, header: "x-secret" }, "right");
    expect(await authenticate(requestOf("{}", { "x-secret": "right" }), both)).toEqual({
      authentic: true,
      by: "shared-secret",
    });
    const bad = { authorization: `Bearer ${await sign({ ...ENTRA_CLAIMS, aud: "x" })}` };
    expect(await authenticate(requestOf("{}", bad), both)).toMatchObject({ authentic: false });
  });
});
