import { createHash } from "node:crypto";
import type { Extension } from "./certificate.ts";
import {
  bitString,
  boolean,
  concat,
  context,
  contextPrimitive,
  integer,
  octetString,
  oid,
  sequence,
  utf8String,
} from "./der.ts";

const FULCIO = "1.3.6.1.4.1.57264.1";

/** Claims of a certificate by the names Fulcio gives them; the number is the last arc of the extension's OID. */
export const CLAIM_ARC = {
  buildSignerURI: 9,
  buildSignerDigest: 10,
  runnerEnvironment: 11,
  sourceRepositoryURI: 12,
  sourceRepositoryDigest: 13,
  sourceRepositoryRef: 14,
  sourceRepositoryIdentifier: 15,
  sourceRepositoryOwnerURI: 16,
  sourceRepositoryOwnerIdentifier: 17,
  buildConfigURI: 18,
  buildConfigDigest: 19,
  buildTrigger: 20,
  runInvocationURI: 21,
  sourceRepositoryVisibilityAtSigning: 22,
  deploymentEnvironment: 23,
  tokenSubject: 24,
} as const;

export type ClaimName = keyof typeof CLAIM_ARC;
export type Claims = Readonly<Partial<Record<ClaimName, string>>>;

/** The deprecated raw-text extensions that Fulcio still writes for GitHub. */
export const RAW_CLAIM_ARC = { trigger: 2, sha: 3, workflowName: 4, repository: 5, ref: 6 } as const;
export type RawClaims = Readonly<Partial<Record<keyof typeof RAW_CLAIM_ARC, string>>>;

export const fulcioExtension = (arc: number, value: Uint8Array): Extension => ({
  oid: `${FULCIO}.${arc}`,
  value,
});

export const rawIssuer = (issuer: string): Extension => fulcioExtension(1, Buffer.from(issuer, "utf8"));
export const derIssuer = (issuer: string): Extension => fulcioExtension(8, utf8String(issuer));

export const claimExtensions = (claims: Claims): readonly Extension[] =>
  Object.entries(CLAIM_ARC).flatMap(([name, arc]) => {
    const value = claims[name as ClaimName];
    return value === undefined ? [] : [fulcioExtension(arc, utf8String(value))];
  });

export const rawClaimExtensions = (claims: RawClaims): readonly Extension[] =>
  Object.entries(RAW_CLAIM_ARC).flatMap(([name, arc]) => {
    const value = claims[name as keyof typeof RAW_CLAIM_ARC];
    return value === undefined ? [] : [fulcioExtension(arc, Buffer.from(value, "utf8"))];
  });

/** `bits` counts from the most significant: 0 digitalSignature, 2 keyEncipherment, 5 keyCertSign, 6 cRLSign. */
export const keyUsage = (...bits: readonly number[]): Extension => {
  const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  const unusedBits = 7 - Math.max(...bits);
  return { oid: "2.5.29.15", critical: true, value: bitString(Uint8Array.of(octet), unusedBits) };
};

export const PURPOSE = {
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

export const extendedKeyUsage = (purposes: readonly string[], critical = false): Extension => ({
  oid: "2.5.29.37",
  critical,
  value: sequence(...purposes.map(oid)),
});

export const basicConstraints = (isAuthority: boolean, pathLength?: number): Extension => ({
  oid: "2.5.29.19",
  critical: true,
  value: sequence(
    ...(isAuthority ? [boolean(true)] : []),
    ...(pathLength === undefined ? [] : [integer(BigInt(pathLength))]),
  ),
});

/** RFC 5280 §4.2.1.2 method 1: SHA-1 of the key's bits; for an SPKI of a known shape any stable hash will do. */
export const keyIdentifier = (spki: Uint8Array): Uint8Array => createHash("sha1").update(spki).digest();

export const subjectKeyIdentifier = (spki: Uint8Array): Extension => ({
  oid: "2.5.29.14",
  value: octetString(keyIdentifier(spki)),
});

export const authorityKeyIdentifier = (issuerSpki: Uint8Array): Extension => ({
  oid: "2.5.29.35",
  value: sequence(contextPrimitive(0, keyIdentifier(issuerSpki))),
});

/** A GeneralName; `uri` and `email` are what Fulcio writes, `other` is its OtherName (username). */
export const generalName = {
  uri: (text: string): Uint8Array => contextPrimitive(6, Buffer.from(text, "latin1")),
  email: (text: string): Uint8Array => contextPrimitive(1, Buffer.from(text, "latin1")),
  dns: (text: string): Uint8Array => contextPrimitive(2, Buffer.from(text, "latin1")),
  other: (text: string): Uint8Array => context(0, oid(`${FULCIO}.7`), context(0, utf8String(text))),
} as const;

/** Critical, as RFC 5280 asks of certificates with an empty subject. */
export const subjectAltName = (...names: readonly Uint8Array[]): Extension => ({
  oid: "2.5.29.17",
  critical: true,
  value: sequence(...names),
});

export const SCT_LIST_OID = "1.3.6.1.4.1.11129.2.4.2";

const withLength16 = (bytes: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);

/** SignedCertificateTimestampList (RFC 6962 §3.3). */
export const sctList = (scts: readonly Uint8Array[]): Extension => ({
  oid: SCT_LIST_OID,
  value: octetString(withLength16(concat(...scts.map(withLength16)))),
});
