import { concat } from "./der.ts";
import { createKeyPair, hashOf, type KeyPair } from "./keys.ts";

/** What a CT log vouches for: this precertificate, at this time (RFC 6962 §3.2). */
export interface SctFields {
  readonly logId: Uint8Array;
  readonly timestampMs: number;
  readonly extensions: Uint8Array;
  /** SHA-256 of the issuer's SubjectPublicKeyInfo. */
  readonly issuerKeyHash: Uint8Array;
  /** TBSCertificate without the SCT extension. */
  readonly tbs: Uint8Array;
}

export interface CtLog {
  readonly key: KeyPair;
  readonly logId: Uint8Array;
  issueSct(request: {
    readonly tbs: Uint8Array;
    readonly issuerSpki: Uint8Array;
    readonly timestampMs: number;
  }): SctFields;
}

const unsigned = (value: number | bigint, bytes: number): Uint8Array =>
  Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(bytes * 2, "0"),
    "hex",
  );

const withLength = (content: Uint8Array, lengthBytes: number): Uint8Array =>
  concat(unsigned(content.length, lengthBytes), content);

const toSignedData = ({ timestampMs, issuerKeyHash, tbs, extensions }: SctFields): Uint8Array =>
  concat(
    Uint8Array.of(0, 0), // version 1, certificate_timestamp
    unsigned(timestampMs, 8),
    unsigned(1, 2), // precert_entry
    issuerKeyHash,
    withLength(tbs, 3),
    withLength(extensions, 2),
  );

/** The serialised SCT, signed by `key` (normally the log's own). */
export const signSct = (fields: SctFields, key: KeyPair): Uint8Array =>
  concat(
    Uint8Array.of(0),
    fields.logId,
    unsigned(fields.timestampMs, 8),
    withLength(fields.extensions, 2),
    Uint8Array.of(4, 3), // sha256, ecdsa
    withLength(key.sign(toSignedData(fields)), 2),
  );

export const createCtLog = (key: KeyPair = createKeyPair("p256")): CtLog => {
  const logId = hashOf(key.spki);
  return {
    key,
    logId,
    issueSct: ({ tbs, issuerSpki, timestampMs }) => ({
      logId,
      timestampMs,
      extensions: new Uint8Array(),
      issuerKeyHash: hashOf(issuerSpki),
      tbs,
    }),
  };
};
