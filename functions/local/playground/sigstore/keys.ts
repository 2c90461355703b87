import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  type SignKeyObjectInput,
  sign as signData,
} from "node:crypto";
import { nullValue, oid, sequence } from "./der.ts";

export type KeyKind = "p256" | "p384" | "p521" | "ed25519" | "rsa2048";
export type HashName = "sha256" | "sha384" | "sha512";

/** A private key of the local Sigstore with its public half in the forms that certificates and roots need. */
export interface KeyPair {
  readonly kind: KeyKind;
  readonly privateKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly publicPem: string;
  readonly privatePem: string;
  /** DER ECDSA, PKCS#1 v1.5 or pure Ed25519, as cosign writes them; `hash` is ignored by Ed25519. */
  sign(data: Uint8Array, hash?: HashName): Uint8Array;
}

const generate = (kind: KeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } => {
  switch (kind) {
    case "p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "p384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "p521":
      return generateKeyPairSync("ec", { namedCurve: "P-521" });
    case "ed25519":
      return generateKeyPairSync("ed25519");
    case "rsa2048":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
  }
};

export const createKeyPair = (kind: KeyKind = "p256"): KeyPair => {
  const { publicKey, privateKey } = generate(kind);
  return {
    kind,
    privateKey,
    spki: publicKey.export({ type: "spki", format: "der" }),
    get publicPem() {
      return publicKey.export({ type: "spki", format: "pem" }).toString();
    },
    get privatePem() {
      return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    },
    sign: (data, hash = "sha256") =>
      signData(kind === "ed25519" ? null : hash, data, { key: privateKey } satisfies SignKeyObjectInput),
  };
};

/** IEEE P1363 form (r‖s) of an ECDSA signature: what no verifier of ours may take for DER. */
export const signP1363 = (key: KeyPair, data: Uint8Array): Uint8Array =>
  signData("sha256", data, { key: key.privateKey, dsaEncoding: "ieee-p1363" });

const SIGNATURE_ALGORITHM = {
  sha256: "1.2.840.10045.4.3.2",
  sha384: "1.2.840.10045.4.3.3",
  sha512: "1.2.840.10045.4.3.4",
} as const;

/** AlgorithmIdentifier of a signature by `key` over `hash`. */
export const signatureAlgorithm = (key: KeyPair, hash: HashName): Uint8Array => {
  if (key.kind === "ed25519") return sequence(oid("1.3.101.112"));
  if (key.kind === "rsa2048") return sequence(oid("1.2.840.113549.1.1.11"), nullValue());
  return sequence(oid(SIGNATURE_ALGORITHM[hash]));
};

const PROTOBUF_KEY_DETAILS = {
  p256: "PKIX_ECDSA_P256_SHA_256",
  p384: "PKIX_ECDSA_P384_SHA_384",
  p521: "PKIX_ECDSA_P521_SHA_512",
  ed25519: "PKIX_ED25519",
  rsa2048: "PKIX_RSA_PKCS1V15_2048_SHA256",
} as const;

/** The protobuf-specs name of the key's algorithm. */
export const toKeyDetails = (key: KeyPair): string => PROTOBUF_KEY_DETAILS[key.kind];

export const hashOf = (data: Uint8Array | string, hash: HashName = "sha256"): Uint8Array =>
  createHash(hash).update(data).digest();

export const hexHash = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");

export const toBase64 = (data: Uint8Array | string): string =>
  (typeof data === "string" ? Buffer.from(data, "utf8") : Buffer.from(data)).toString("base64");
