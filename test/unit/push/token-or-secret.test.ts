import { generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import type { SourceOptions } from "../../../shared/push/source.ts";
import type { TokenRule } from "../../../shared/push/token.ts";
import { NOW_MS, optionsWith, requestOf, sourceNamed } from "./event-fixtures.ts";

const ISSUER = "https://sts.windows.net/11111111-2222-4333-8444-555555555555/";
const AUDIENCE = "https://sluice.example.com/events";
const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  appid: "4962773b-9cdb-44cf-a8bf-237846a00ab7",
  roles: ["AzureEventGridSecureWebhookSubscriber"],
  iat: NOW_MS / 1000,
  exp: NOW_MS / 1000 + 600,
};

let rule: TokenRule;
let good: string;
let stale: string;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const sign = (claims: typeof CLAIMS) =>
    new SignJWT(claims).setProtectedHeader({ alg: "RS256" }).sign(privateKey);
  rule = { issuers: [ISSUER], audience: AUDIENCE, keys: { at: () => async () => publicKey } };
  good = await sign(CLAIMS);
  stale = await sign({ ...CLAIMS, exp: NOW_MS / 1000 - 600 });
});

const judge = (headers: Record<string, string>, options: Partial<SourceOptions>, ...secrets: string[]) =>
  sourceNamed("acr-eventgrid").authenticate(requestOf("{}", headers), optionsWith(options, ...secrets));

const TOKEN = { authentic: true, by: "token" };
const SECRET = { authentic: true, by: "shared-secret" };
const refused = (reason: string) => ({ authentic: false, reason });

describe("Event Grid where a token and a secret count", () => {
  test("either is enough", async () => {
    expect(await judge({ authorization: `Bearer ${good}` }, { token: rule }, "s3cret")).toEqual(TOKEN);
    expect(await judge({ authorization: "s3cret" }, { token: rule }, "s3cret")).toEqual(SECRET);
    // A secret that looks like a token is one all the same.
    expect(await judge({ authorization: `Bearer ${stale}` }, { token: rule }, stale)).toEqual(SECRET);
  });

  test("neither is not", async () => {
    expect(await judge({ authorization: `Bearer ${stale}` }, { token: rule }, "s3cret")).toEqual(
      refused("secret-wrong"),
    );
    expect(await judge({}, { token: rule }, "s3cret")).toEqual(refused("secret-missing"));
  });
});

describe("Event Grid where a token alone counts", () => {
  test("that is asked for, though nobody need prove anything by a secret", async () => {
    const options = { token: rule, unauthenticated: true };
    expect(await judge({}, options)).toEqual(refused("token-missing"));
    expect(await judge({ authorization: `Bearer ${stale}` }, options)).toEqual(refused("token-refused"));
    expect(await judge({ authorization: `Bearer ${good}` }, options)).toEqual(TOKEN);
  });
});

test.each(["acr-eventgrid", "gar"])(
  "%s without token and secret is open only where that is said",
  async (name) => {
    const ask = (options: Partial<SourceOptions>) =>
      sourceNamed(name).authenticate(requestOf("{}", { authorization: "anything" }), optionsWith(options));
    expect((await ask({})).authentic).toBe(false);
    expect(await ask({ unauthenticated: true })).toEqual({ authentic: true, by: "none" });
  },
);

test("only OPTIONS asks for consent: a POST that says where it is from is read like any other", async () => {
  const { consent } = sourceNamed("acr-eventgrid");
  const headers = { "webhook-request-origin": "eventgrid.azure.net" };
  expect(consent?.(requestOf("{}", headers, { method: "OPTIONS" }), optionsWith())?.status).toBe(200);
  expect(consent?.(requestOf("{}", headers), optionsWith())).toBeUndefined();
});
