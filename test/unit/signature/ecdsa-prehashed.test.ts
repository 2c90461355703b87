import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { contentOf, encodeDer, readDer, sequenceOf, TAG } from "../../../shared/signature/encoding/der.ts";
import { verifyPrehashed } from "../../../shared/signature/key/ecdsa-prehashed.ts";
import { importKey, type PublicKey } from "../../../shared/signature/key/keys.ts";
import { refusalOf } from "./support.ts";

const createPair = (namedCurve: string) => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  const key = importKey(publicKey.export({ format: "der", type: "spki" }));
  if (key === undefined) throw new Error("curve is not supported");
  return { key, privateKey };
};

const N = {
  "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  "P-384":
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
} as const;

const integer = (value: bigint): Buffer => {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return encodeDer(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
};
const encode = (r: bigint, s: bigint): Buffer => encodeDer(TAG.sequence, integer(r), integer(s));

describe.each(["P-256", "P-384"] as const)("ECDSA over a digest on %s", (curve) => {
  const { key, privateKey } = createPair(curve);
  const other = createPair(curve).key;

  test.each(["sha256", "sha384", "sha512"])("agrees with OpenSSL over %s", (hash) => {
    for (let round = 0; round < 4; round += 1) {
      const data = Buffer.from(`message ${round}`);
      const signature = sign(hash, data, privateKey);
      const digest = createHash(hash).update(data).digest();
      expect(verifyPrehashed(key, digest, signature)).toBe(true);
      expect(verifyPrehashed(other, digest, signature)).toBe(false);
      expect(verifyPrehashed(key, createHash(hash).update("other").digest(), signature)).toBe(false);
    }
  });

  test("refuses other spellings of a good signature, as OpenSSL does", () => {
    const data = Buffer.from("message");
    const digest = createHash("sha256").update(data).digest();
    const rOf = (signature: Buffer): Buffer =>
      contentOf(sequenceOf(readDer(signature))[0] ?? readDer(signature));
    let signature = sign("sha256", data, privateKey);
    // One whose r has its top bit set, which takes a zero byte before it.
    while (rOf(signature)[0] !== 0) signature = sign("sha256", data, privateKey);
    const [r, s] = sequenceOf(readDer(signature)).map(contentOf);
    if (r === undefined || s === undefined) throw new Error("no signature");
    const negative = encodeDer(
      TAG.sequence,
      encodeDer(TAG.integer, r.subarray(1)),
      encodeDer(TAG.integer, s),
    );
    const longer = encodeDer(
      TAG.sequence,
      encodeDer(TAG.integer, r),
      encodeDer(TAG.integer, s),
      encodeDer(TAG.null),
    );
    expect(verifyPrehashed(key, digest, signature)).toBe(true);
    for (const other of [negative, longer]) {
      expect(verify("sha256", data, key.object, other)).toBe(false);
      expect(refusalOf(() => verifyPrehashed(key, digest, other))).toBe("signature-invalid");
    }
  });

  test.each([
    ["r is zero", 0n, 1n],
    ["s is zero", 1n, 0n],
    ["r is the order", N[curve], 1n],
    ["s is the order", 1n, N[curve]],
    ["both are one", 1n, 1n],
  ])("refuses when %s", (_, r, s) => {
    expect(verifyPrehashed(key, Buffer.alloc(32, 1), encode(r, s))).toBe(false);
  });
});

test("other kinds of keys verify nothing", () => {
  const key: PublicKey | undefined = importKey(
    createPublicKey(generateKeyPairSync("ed25519").privateKey).export({ format: "der", type: "spki" }),
  );
  expect(key === undefined ? undefined : verifyPrehashed(key, Buffer.alloc(32), encode(1n, 1n))).toBe(false);
});
