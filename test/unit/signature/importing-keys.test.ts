import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { oid } from "../../../shared/signature/encoding/der-values.ts";
import { importKey, verifyDeclared, verifySignature } from "../../../shared/signature/key/keys.ts";

const spki = (key: KeyObject): Buffer => createPublicKey(key).export({ format: "der", type: "spki" });
const ec = (namedCurve: string): Buffer => spki(generateKeyPairSync("ec", { namedCurve }).privateKey);
const rsa = (modulusLength: number): Buffer => spki(generateKeyPairSync("rsa", { modulusLength }).privateKey);

describe("keys that may verify", () => {
  test.each([
    ["P-256", ec("P-256"), "p256"],
    ["P-384", ec("P-384"), "p384"],
    ["P-521", ec("P-521"), "p521"],
    ["RSA of 2048 bits", rsa(2048), "rsa"],
    ["Ed25519", spki(generateKeyPairSync("ed25519").privateKey), "ed25519"],
    ["secp256k1", ec("secp256k1"), undefined],
    ["P-224", ec("P-224"), undefined],
    ["RSA of 1024 bits", rsa(1024), undefined],
    ["Ed448", spki(generateKeyPairSync("ed448").privateKey), undefined],
    ["X25519", spki(generateKeyPairSync("x25519").privateKey), undefined],
    ["RSA for PSS only", spki(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey), undefined],
    ["bytes that are no key", Buffer.from("30030201ff", "hex"), undefined],
    ["nothing", Buffer.alloc(0), undefined],
    ["a key with data behind it", Buffer.concat([ec("P-256"), Buffer.alloc(1)]), undefined],
    [
      "a curve spelled out by its parameters",
      generateKeyPairSync("ec", { namedCurve: "P-256", paramEncoding: "explicit" }).publicKey.export({
        format: "der",
        type: "spki",
      }),
      undefined,
    ],
  ])("%s is %3$s", (_, der, kind) => {
    expect(importKey(der)?.kind).toBe(kind);
  });

  test("an RSA key in its older form", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const der = publicKey.export({ format: "der", type: "pkcs1" });
    expect(importKey(der, "pkcs1")).toMatchObject({ kind: "rsa", bits: 2048 });
    expect(importKey(der)).toBeUndefined();
  });
});

describe("a signature", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = importKey(publicKey.export({ format: "der", type: "spki" }));
  if (key === undefined) throw new Error("no key");
  const data = Buffer.from("data");
  const good = sign("sha256", data, privateKey);
  const P256_SHA256 = oid("1.2.840.10045.4.3.2");
  const ANY_EC = oid("1.2.840.10045.2.1");

  test.each([
    ["itself", good, true],
    ["a byte short", good.subarray(0, -1), false],
    ["a byte longer", Buffer.concat([good, Buffer.alloc(1)]), false],
    ["nothing", Buffer.alloc(0), false],
    ["r and s without DER", sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" }), false],
  ])("%s: %3$s", async (_, signature, expected) => {
    expect(await verifySignature(key, "sha256", data, signature)).toBe(expected);
  });

  test.each([
    ["an identifier that names the hash", P256_SHA256, undefined, true],
    ["a hash named twice alike", P256_SHA256, "sha256", true],
    ["a hash named twice, differently", P256_SHA256, "sha384", false],
    ["an identifier that leaves the hash open", ANY_EC, "sha256", true],
    ["no hash named at all", ANY_EC, undefined, false],
    ["another family of keys", oid("1.2.840.113549.1.1.11"), undefined, false],
    ["an unknown identifier", oid("1.2.3.4"), "sha256", false],
  ] as const)("%s", async (_, algorithm, digest, expected) => {
    expect(await verifyDeclared(key, { algorithm, ...(digest && { digest }) }, data, good)).toBe(expected);
  });
});
