import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { type Der, readDer, sequenceOf, TAG } from "../encoding/der.ts";
import { type Oid, oid, readBitString, readInteger, readOid } from "../encoding/der-values.ts";
import { type HashName, SIGNATURE_SCHEMES, type SignatureScheme } from "../encoding/oids.ts";

/** What a key is, settled once: for choosing hashes and naming the key in log entries. */
export interface KeyKind {
  readonly family: SignatureScheme["family"];
  readonly kind: "p256" | "p384" | "p521" | "ed25519" | "rsa";
  readonly bits: number;
}

/** A public key that may verify. */
export interface PublicKey extends KeyKind {
  readonly object: KeyObject;
}

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

const EC_KEY = oid("1.2.840.10045.2.1");
const RSA_KEY = oid("1.2.840.113549.1.1.1");
const ED25519_KEY = oid("1.3.101.112");
const CURVES: ReadonlyMap<Oid, KeyKind> = new Map<Oid, KeyKind>([
  [oid("1.2.840.10045.3.1.7"), { family: "ec", kind: "p256", bits: 256 }],
  [oid("1.3.132.0.34"), { family: "ec", kind: "p384", bits: 384 }],
  [oid("1.3.132.0.35"), { family: "ec", kind: "p521", bits: 521 }],
]);

/** Below 2048 bits a key can be factored; above 8192 a verification costs its sender nothing and us much. */
const rsaKindOf = (key: Der): KeyKind | undefined => {
  const modulus = readInteger(sequenceOf(key)[0]);
  const bits = (modulus[0] === 0 ? modulus.length - 1 : modulus.length) * 8;
  return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS ? { family: "rsa", kind: "rsa", bits } : undefined;
};

/** Read from the key info itself: asking OpenSSL for it costs as much as the import. Only named curves are known. */
const parseKind = (publicKeyInfo: Buffer): KeyKind | undefined => {
  const [algorithm, key] = sequenceOf(readDer(publicKeyInfo));
  const [type, parameter] = sequenceOf(algorithm);
  switch (readOid(type)) {
    case EC_KEY:
      return parameter?.tag === TAG.oid ? CURVES.get(readOid(parameter)) : undefined;
    case RSA_KEY:
      return rsaKindOf(readDer(readBitString(key)));
    case ED25519_KEY:
      return { family: "ed25519", kind: "ed25519", bits: 256 };
    default:
      return undefined;
  }
};

/** The kind of key in a SubjectPublicKeyInfo, without importing it. Undefined: not of a kind that is accepted. */
export const kindOf = (publicKeyInfo: Buffer): KeyKind | undefined => {
  try {
    return parseKind(publicKeyInfo);
  } catch {
    return undefined;
  }
};

const LABEL = { spki: "PUBLIC KEY", pkcs1: "RSA PUBLIC KEY" } as const;

/** OpenSSL reads PEM in a third of the time: its label says what DER has to be tried for. */
const toPem = (der: Buffer, label: string): string => {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};

/** Imports a SubjectPublicKeyInfo (or PKCS#1 RSA key). Undefined: not a key, or not of a kind that is accepted. */
export const importKey = (der: Buffer, type: keyof typeof LABEL = "spki"): PublicKey | undefined => {
  try {
    const kind = type === "pkcs1" ? rsaKindOf(readDer(der)) : parseKind(der);
    return kind && { object: createPublicKey(toPem(der, LABEL[type])), ...kind };
  } catch {
    return undefined;
  }
};

/** SubjectPublicKeyInfo in its one encoding: two keys are the same when these bytes are. */
export const encodeKey = ({ object }: PublicKey): Buffer => object.export({ format: "der", type: "spki" });

/** The hash a key of this kind signs with when nothing says otherwise. */
export const defaultHashOf = ({ kind }: KeyKind): HashName =>
  kind === "p384" ? "sha384" : kind === "p521" ? "sha512" : "sha256";

/**
 * Where the arithmetic runs. Another thread costs more processor time than the quick curves take, and nearly half
 * of what the costly ones do, so it is worth it only while this thread has costly work of its own.
 */
export type Thread = "this" | "other";

/** Curves whose arithmetic takes ten times as long as the others'. */
const COSTLY: ReadonlySet<PublicKey["kind"]> = new Set(["p384", "p521"]);

const verifyHere = (algorithm: HashName | null, data: Buffer, key: PublicKey, signature: Buffer): boolean => {
  try {
    return verify(algorithm, data, key.object, signature);
  } catch {
    return false;
  }
};

const verifyOnPool = (
  algorithm: HashName,
  data: Buffer,
  key: PublicKey,
  signature: Buffer,
): Promise<boolean> =>
  new Promise((resolve) => {
    try {
      verify(algorithm, data, key.object, signature, (error, verified) =>
        resolve(error === null && verified),
      );
    } catch {
      resolve(false);
    }
  });

/**
 * Verifies one signature. Anything OpenSSL throws (a malformed signature, a wrong length) is a signature that
 * does not verify.
 */
export const verifySignature = async (
  key: PublicKey,
  hash: HashName,
  data: Buffer,
  signature: Buffer,
  thread: Thread = "this",
): Promise<boolean> => {
  const algorithm = key.family === "ed25519" ? null : hash;
  return thread === "other" && algorithm !== null && COSTLY.has(key.kind)
    ? verifyOnPool(algorithm, data, key, signature)
    : verifyHere(algorithm, data, key, signature);
};

/** What an X.509 or CMS structure says of a signature in it; `digest` where `algorithm` leaves the hash open. */
export interface Declared {
  readonly algorithm: string;
  readonly digest?: HashName;
}

/** Verifies what a structure says was signed that way. */
export const verifyDeclared = async (
  key: PublicKey,
  { algorithm, digest }: Declared,
  data: Buffer,
  signature: Buffer,
  thread?: Thread,
): Promise<boolean> => {
  const scheme = SIGNATURE_SCHEMES.get(algorithm);
  if (scheme === undefined || scheme.family !== key.family) return false;
  // A hash named twice must be named alike.
  if (scheme.hash !== undefined && digest !== undefined && scheme.hash !== digest) return false;
  const hash = scheme.hash ?? digest;
  if (hash === undefined && scheme.family !== "ed25519") return false;
  return verifySignature(key, hash ?? "sha512", data, signature, thread);
};
