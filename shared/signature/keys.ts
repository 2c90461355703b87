import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { type HashName, SIGNATURE_SCHEMES, type SignatureScheme } from "./oids.ts";

/** A public key that may verify: its kind is settled once, so that no caller has to ask OpenSSL again. */
export interface PublicKey {
  readonly object: KeyObject;
  readonly family: SignatureScheme["family"];
  /** Named curve or `rsa` with its size: for choosing hashes and naming the key in log entries. */
  readonly kind: "p256" | "p384" | "p521" | "ed25519" | "rsa";
  readonly bits: number;
}

const CURVES = {
  prime256v1: { kind: "p256", bits: 256 },
  secp384r1: { kind: "p384", bits: 384 },
  secp521r1: { kind: "p521", bits: 521 },
} as const;

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

const isCurve = (name: string | undefined): name is keyof typeof CURVES =>
  name !== undefined && name in CURVES;

const classify = (object: KeyObject): PublicKey | undefined => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = object;
  if (type === "ed25519") return { object, family: "ed25519", kind: "ed25519", bits: 256 };
  if (type === "ec" && isCurve(details?.namedCurve))
    return { object, family: "ec", ...CURVES[details.namedCurve] };
  const bits = details?.modulusLength ?? 0;
  // An RSA key below 2048 bits can be factored; above 8192 a verification costs an attacker nothing and us much.
  if (type === "rsa" && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS)
    return { object, family: "rsa", kind: "rsa", bits };
  return undefined;
};

/** Imports a SubjectPublicKeyInfo (or PKCS#1 RSA key). Undefined: not a key, or not of a kind that is accepted. */
export const importKey = (der: Buffer, type: "spki" | "pkcs1" = "spki"): PublicKey | undefined => {
  try {
    return classify(createPublicKey({ key: der, format: "der", type }));
  } catch {
    return undefined;
  }
};

/** SubjectPublicKeyInfo in its one encoding: two keys are the same when these bytes are. */
export const encodeKey = ({ object }: PublicKey): Buffer => object.export({ format: "der", type: "spki" });

/** The hash a key of this kind signs with when nothing says otherwise. */
export const defaultHashOf = ({ kind }: PublicKey): HashName =>
  kind === "p384" ? "sha384" : kind === "p521" ? "sha512" : "sha256";

/**
 * Verifies on libuv's pool, so that independent checks of one piece of evidence overlap. Anything OpenSSL throws
 * (a malformed signature, a wrong length) is a signature that does not verify.
 */
export const verifySignature = (
  key: PublicKey,
  hash: HashName,
  data: Buffer,
  signature: Buffer,
): Promise<boolean> =>
  new Promise((resolve) => {
    const algorithm = key.family === "ed25519" ? null : hash;
    try {
      verify(algorithm, data, key.object, signature, (error, verified) =>
        resolve(error === null && verified),
      );
    } catch {
      resolve(false);
    }
  });

/** Verifies what an X.509 or CMS structure says was signed with `algorithm`; `digest` where that leaves the hash open. */
export const verifyWithScheme = async (
  key: PublicKey,
  algorithm: string,
  data: Buffer,
  signature: Buffer,
  digest?: HashName,
): Promise<boolean> => {
  const scheme = SIGNATURE_SCHEMES.get(algorithm);
  if (scheme === undefined || scheme.family !== key.family) return false;
  // A hash named twice must be named alike.
  if (scheme.hash !== undefined && digest !== undefined && scheme.hash !== digest) return false;
  const hash = scheme.hash ?? digest;
  if (hash === undefined && scheme.family !== "ed25519") return false;
  return verifySignature(key, hash ?? "sha512", data, signature);
};
