import { oid } from "./der-values.ts";

export const OID = {
  // RFC 5280 extensions.
  subjectAltName: oid("2.5.29.17"),
  keyUsage: oid("2.5.29.15"),
  extendedKeyUsage: oid("2.5.29.37"),
  basicConstraints: oid("2.5.29.19"),
  nameConstraints: oid("2.5.29.30"),
  subjectKeyId: oid("2.5.29.14"),
  authorityKeyId: oid("2.5.29.35"),
  // RFC 6962 3.3: embedded certificate timestamps, and the poison of precertificates.
  sctList: oid("1.3.6.1.4.1.11129.2.4.2"),
  codeSigning: oid("1.3.6.1.5.5.7.3.3"),
  timeStamping: oid("1.3.6.1.5.5.7.3.8"),
  anyExtendedKeyUsage: oid("2.5.29.37.0"),
  fulcioOtherName: oid("1.3.6.1.4.1.57264.1.7"),
  // CMS (RFC 5652), timestamps (RFC 3161), ESS (RFC 2634, RFC 5035).
  signedData: oid("1.2.840.113549.1.7.2"),
  timestampInfo: oid("1.2.840.113549.1.9.16.1.4"),
  contentType: oid("1.2.840.113549.1.9.3"),
  messageDigest: oid("1.2.840.113549.1.9.4"),
  signingCertificate: oid("1.2.840.113549.1.9.16.2.12"),
  signingCertificateV2: oid("1.2.840.113549.1.9.16.2.47"),
} as const;

export type HashName = "sha256" | "sha384" | "sha512";

export const HASHES: ReadonlyMap<string, HashName> = new Map([
  [oid("2.16.840.1.101.3.4.2.1"), "sha256"],
  [oid("2.16.840.1.101.3.4.2.2"), "sha384"],
  [oid("2.16.840.1.101.3.4.2.3"), "sha512"],
]);

/** How a signature was made: the family of its key, and the hash where the identifier names one. */
export interface SignatureScheme {
  readonly family: "ec" | "rsa" | "ed25519";
  readonly hash?: HashName;
}

export const SIGNATURE_SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  [oid("1.2.840.10045.4.3.2"), { family: "ec", hash: "sha256" }],
  [oid("1.2.840.10045.4.3.3"), { family: "ec", hash: "sha384" }],
  [oid("1.2.840.10045.4.3.4"), { family: "ec", hash: "sha512" }],
  [oid("1.2.840.113549.1.1.11"), { family: "rsa", hash: "sha256" }],
  [oid("1.2.840.113549.1.1.12"), { family: "rsa", hash: "sha384" }],
  [oid("1.2.840.113549.1.1.13"), { family: "rsa", hash: "sha512" }],
  [oid("1.3.101.112"), { family: "ed25519" }],
  // CMS signers may name the key's own identifier and leave the hash to the digest algorithm beside it.
  [oid("1.2.840.10045.2.1"), { family: "ec" }],
  [oid("1.2.840.113549.1.1.1"), { family: "rsa" }],
]);
