import type { LogEntry, SignedMaterial } from "../evidence/material.ts";
import { defaultHashOf, type KeyKind } from "../key/keys.ts";
import { refuse } from "../refusal.ts";
import type { Signer } from "./log-entry.ts";

const HASH_LABEL = { sha256: "SHA2_256", sha384: "SHA2_384", sha512: "SHA2_512" } as const;

/** How Rekor v2 names the key's algorithm. Pure Ed25519 is not there: that log takes only prehashed signatures. */
const keyDetailsOf = ({ kind, bits }: KeyKind): string | undefined => {
  switch (kind) {
    case "p256":
      return "PKIX_ECDSA_P256_SHA_256";
    case "p384":
      return "PKIX_ECDSA_P384_SHA_384";
    case "p521":
      return "PKIX_ECDSA_P521_SHA_512";
    case "rsa":
      return [2048, 3072, 4096].includes(bits) ? `PKIX_RSA_PKCS1V15_${bits}_SHA256` : undefined;
    case "ed25519":
      return undefined;
  }
};

export const isVersion2 = ({ kind, version }: LogEntry): boolean =>
  kind === "hashedrekord" && version === "0.0.2";

/**
 * Builds the `hashedrekord 0.0.2` body that this signature must have been logged as (canonical JSON, RFC 8785).
 * Comparing whole bodies leaves nothing in the entry unchecked.
 */
export const toVersion2Body = (material: SignedMaterial, signer: Signer, key: KeyKind): Buffer => {
  const hash = defaultHashOf(key);
  const digest = material.signed.digest(hash);
  const keyDetails = keyDetailsOf(key);
  if (digest === undefined || keyDetails === undefined) {
    return refuse("log-entry-unsupported", "entries of this version do not exist for this kind of key");
  }
  const rawBytes = { rawBytes: signer.der.toString("base64") };
  const verifier =
    signer.label === "CERTIFICATE"
      ? { keyDetails, x509Certificate: rawBytes }
      : { keyDetails, publicKey: rawBytes };
  const body = {
    apiVersion: "0.0.2",
    kind: "hashedrekord",
    spec: {
      hashedRekordV002: {
        data: { algorithm: HASH_LABEL[hash], digest: digest.toString("base64") },
        signature: { content: material.signature.toString("base64"), verifier },
      },
    },
  };
  return Buffer.from(JSON.stringify(body));
};

/** Checks a Rekor v2 entry against the one rebuilt from the evidence. */
export const compareVersion2 = (
  entry: LogEntry,
  material: SignedMaterial,
  signer: Signer,
  key: KeyKind,
): void => {
  if (!toVersion2Body(material, signer, key).equals(entry.body)) {
    refuse("log-entry-mismatch", "entry is not the one this evidence makes");
  }
};
