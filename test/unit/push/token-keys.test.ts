import { exportJWK, generateKeyPair, type JWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { TOKEN_KEYS_COOLDOWN_MS, TOKEN_KEYS_MAX_AGE_MS } from "../../../shared/push/limits.ts";
import { createTokenKeys } from "../../../shared/push/token-keys.ts";

const URL = "https://issuer.example/keys";
const TOKEN = { payload: "", signature: "" };

let first: JWK;
let second: JWK;
beforeAll(async () => {
  const create = async (kid: string): Promise<JWK> => ({
    ...(await exportJWK((await generateKeyPair("ES256", { extractable: true })).publicKey)),
    kid,
  });
  first = await create("first");
  second = await create("second");
});

/** An issuer whose answer a test can change, and that counts. */
const createIssuer = () => {
  const issuer = { keys: [first], isDown: false, requests: 0 };
  const keys = createTokenKeys(URL, async (url) => {
    expect(url).toBe(URL);
    issuer.requests += 1;
    if (issuer.isDown) throw new Error("connection refused");
    return { keys: issuer.keys };
  });
  const find = async (kid: string, nowMs: number): Promise<string> => {
    try {
      await keys.at(nowMs)({ alg: "ES256", kid }, TOKEN);
      return "found";
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : "unexpected";
    }
  };
  return { issuer, find };
};

const NO_KEY = "ERR_JWKS_NO_MATCHING_KEY";
const START = 1_000_000;

describe("an issuer's keys", () => {
  test("are fetched once, also for several tokens at the same time", async () => {
    const { issuer, find } = createIssuer();
    expect(await Promise.all([1, 2, 3].map(() => find("first", START)))).toEqual(["found", "found", "found"]);
    expect(await find("first", START + TOKEN_KEYS_MAX_AGE_MS - 1)).toBe("found");
    expect(issuer.requests).toBe(1);
  });

  test("are fetched again after an hour", async () => {
    const { issuer, find } = createIssuer();
    await find("first", START);
    issuer.keys = [second];
    expect(await find("first", START + TOKEN_KEYS_MAX_AGE_MS)).toBe(NO_KEY);
    expect(issuer.requests).toBe(2);
  });

  test("are fetched again for an unknown id, so that a rotation is noticed at once", async () => {
    const { issuer, find } = createIssuer();
    await find("first", START);
    issuer.keys = [first, second];
    expect(await find("second", START + TOKEN_KEYS_COOLDOWN_MS)).toBe("found");
    expect(issuer.requests).toBe(2);
  });

  test("are not fetched for each made-up id", async () => {
    const { issuer, find } = createIssuer();
    for (let count = 0; count < 100; count += 1)
      expect(await find(`made-up-${count}`, START + count)).toBe(NO_KEY);
    expect(issuer.requests).toBe(1);
  });

  test("that cannot be read leave the question open, and the issuer is not hammered", async () => {
    const { issuer, find } = createIssuer();
    issuer.isDown = true;
    for (let count = 0; count < 10; count += 1)
      expect(await find("first", START + count)).toBe("SECRET_UNAVAILABLE");
    expect(issuer.requests).toBe(1);
    issuer.isDown = false;
    expect(await find("first", START + TOKEN_KEYS_COOLDOWN_MS)).toBe("found");
  });

  test("that we hold outlive an outage of the issuer", async () => {
    const { issuer, find } = createIssuer();
    await find("first", START);
    issuer.isDown = true;
    expect(await find("first", START + TOKEN_KEYS_MAX_AGE_MS)).toBe("found");
    expect(await find("first", START + TOKEN_KEYS_MAX_AGE_MS + 1)).toBe("found");
    expect(issuer.requests).toBe(2);
  });

  test("of kinds we do not use are passed over", async () => {
    const odd = [null, "text", { kty: "OKP", kid: "odd" }, { kty: "oct", kid: "shared", k: "AAAA" }, first];
    const keys = createTokenKeys(URL, async () => ({ keys: odd }));
    await expect(keys.at(START)({ alg: "ES256", kid: "first" }, TOKEN)).resolves.toBeDefined();
  });

  test.each([{ keys: "none" }, [], null, { keys: new Array(101).fill({}) }])(
    "must be a key set",
    async (document) => {
      const keys = createTokenKeys(URL, async () => document);
      await expect(keys.at(START)({ alg: "ES256", kid: "x" }, TOKEN)).rejects.toMatchObject({
        code: "SECRET_UNAVAILABLE",
      });
    },
  );
});
