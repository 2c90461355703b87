import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import { hookPath } from "../../../shared/delivery/hook-path.ts";
import {
  bearerHeader,
  parseSigningKey,
  signFluxHmac,
  signStandardWebhook,
} from "../../../shared/delivery/sign.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("hookPath", () => {
  // Right-hand sides by sha256sum over token, name, namespace.
  test.each([
    {
      of: "a token",
      token: new Secret("token-1"),
      name: "sluice",
      namespace: "flux-system",
      hash: "43fc6c65274a787b0755be0744a004686fc319e00f29a7ee77500ac8e52424a1",
    },
    {
      of: "a token with a newline at its end, which Flux keeps",
      token: new Secret("token-1\n"),
      name: "sluice",
      namespace: "flux-system",
      hash: "ec32d2deb4e447b19289ceca1ec7894114564ac815f2ae9892f3c3b071a67ae5",
    },
    {
      of: "no token (generic-oidc)",
      token: undefined,
      name: "sluice",
      namespace: "flux-system",
      hash: "1d76e6b65802425f1f0f8011f920cc1cb83d6e5628e6ac15ab28dc340f77edfd",
    },
    {
      of: "a token that is not UTF-8",
      token: new Secret(Uint8Array.of(0xff, 0xfe, 0x00, ...bytes("raw"))),
      name: "a",
      namespace: "apps",
      hash: "b77826b1a93b11997f103065317005f3fbc61ce52a5abeaa079fce1d5e5f17b0",
    },
  ])("of $of", ({ token, name, namespace, hash }) => {
    expect(hookPath(token, name, namespace).reveal()).toBe(`/hook/${hash}`);
  });

  test("is a secret: for a generic receiver it is the only one", () => {
    const path = hookPath(new Secret("t"), "a", "b");
    expect(`${path} ${JSON.stringify({ path })} ${inspect(path)}`).not.toContain("/hook/");
  });
});

describe("signFluxHmac", () => {
  // Right-hand sides by `openssl dgst -hmac`.
  test.each([
    {
      algorithm: "sha256" as const,
      token: "key",
      signature: "sha256=88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342",
    },
    {
      algorithm: "sha512" as const,
      token: "key",
      signature:
        "sha512=dc7d8a6a7926059e98697ef54a65f745d924fc3e13c1176879dcdc84eac480bae377fa06d1ebcc6fab1375cd9bd611a1899694cc4ca7dc0f629d8b8133c5c83d",
    },
    {
      algorithm: "sha256" as const,
      token: "key\n",
      signature: "sha256=b1e35f89b3b3b0c1dcf3cb055f5ec68e17fe4b84ff419c282207526898707907",
    },
  ])("$algorithm under $token", ({ algorithm, token, signature }) => {
    expect(signFluxHmac(bytes('{"a":1}'), new Secret(token), algorithm)).toEqual({
      "x-signature": signature,
    });
  });
});

describe("signStandardWebhook", () => {
  // The specification's own example key and message.
  const key = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const message = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    attemptAtMs: 1_614_265_330_999,
    body: bytes('{"test": 2432232314}'),
  };

  test("gives the published signature", () => {
    expect(signStandardWebhook(message, [key])).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  test("signs with every key while one is being rotated, newest first", () => {
    const newer = new Secret(`whsec_${Buffer.alloc(32, 7).toString("base64")}`);
    const signatures = signStandardWebhook(message, [newer, key])["webhook-signature"]?.split(" ");
    expect(signatures).toHaveLength(2);
    expect(signatures?.[1]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test.each(["a.b", "", "a\r\nb", "ä", "x".repeat(129)])("refuses the id %j", (id) => {
    expect(() => signStandardWebhook({ ...message, id }, [key])).toThrow(
      expect.objectContaining({ code: "WORK_MALFORMED" }),
    );
  });

  test.each([
    { of: "another prefix", key: "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
    { of: "no prefix", key: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
    { of: "something that is not base64", key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!!" },
    { of: "23 bytes", key: `whsec_${Buffer.alloc(23, 1).toString("base64")}` },
    { of: "65 bytes", key: `whsec_${Buffer.alloc(65, 1).toString("base64")}` },
  ])("refuses a key of $of, without showing it", ({ key: text }) => {
    expect(() => parseSigningKey(new Secret(text))).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.not.stringContaining(text) }),
    );
  });
});

describe("bearerHeader", () => {
  test("carries a JWT", () => {
    expect(bearerHeader(new Secret("eyJh.eyJp.c2ln-_"))).toEqual({
      authorization: "Bearer eyJh.eyJp.c2ln-_",
    });
  });

  test.each(["", "a b", "a\r\nx-signature: sha256=00", "tok\n", "tökn"])("refuses %j", (token) => {
    expect(() => bearerHeader(new Secret(token))).toThrow(
      expect.objectContaining({ code: "SECRET_UNAVAILABLE" }),
    );
  });
});
