import { createHash, verify } from "node:crypto";
import { encodingOf } from "../encoding/der.ts";
import type { Json } from "../encoding/json.ts";
import { toArray, toBytes, toClosedObject } from "../encoding/json-fields.ts";
import { OID, SIGNATURE_SCHEMES } from "../encoding/oids.ts";
import { includes, parseTimeRange, type TimeRange } from "../encoding/time-range.ts";
import { importKey, type PublicKey } from "../key/keys.ts";
import { refuse } from "../refusal.ts";
import { type Certificate, isValidAt, parseCertificate } from "./certificate.ts";
import {
  allowsUsage,
  basicConstraintsOf,
  extendedKeyUsageOf,
  hasUnknownCriticalExtension,
} from "./certificate-constraints.ts";

/** A certificate that may issue others, its key imported. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly key: PublicKey;
  /** sha256 of the key info: what certificate timestamps name the issuer by (RFC 6962 3.2). */
  readonly keyHash: Buffer;
  /** Itself and everything above it, each signed by the next (checked when the root was read). */
  readonly path: readonly Certificate[];
}

/** Fulcio or a timestamp authority: its issuing certificates, nearest to the leaf first. */
export interface CertificateAuthority {
  readonly issuers: readonly Issuer[];
  /** The signing certificate itself, where the trusted root pins it (timestamp authorities). */
  readonly leaf: Certificate | undefined;
  readonly leafKey: PublicKey | undefined;
  readonly validFor: TimeRange;
}

type Purpose = "codeSigning" | "timeStamping";

const FIELDS = new Set(["subject", "uri", "certChain", "validFor", "operator"]);
const MAX_CHAIN = 8;

const malformed = (detail: string): never => refuse("evidence-malformed", `certificate authority: ${detail}`);

const keyOf = (certificate: Certificate): PublicKey =>
  importKey(certificate.publicKeyInfo) ?? malformed("unsupported key");

/** The purposes of an authority narrow those of everything below it. */
export const allowsPurpose = (certificate: Certificate, purpose: Purpose): boolean => {
  const purposes = extendedKeyUsageOf(certificate);
  return (
    purposes === undefined || purposes.includes(OID[purpose]) || purposes.includes(OID.anyExtendedKeyUsage)
  );
};

/** RFC 5280 6.1.4: what a certificate must be to issue another with `below` authorities between. */
export const mayIssue = (certificate: Certificate, below: number): boolean => {
  const { authority, pathLength } = basicConstraintsOf(certificate);
  if (!authority || !allowsUsage(certificate, "keyCertSign")) return false;
  // Name constraints are not evaluated, so an authority that has them, critical or not, is not used.
  if (hasUnknownCriticalExtension(certificate) || certificate.extensions.has(OID.nameConstraints))
    return false;
  return pathLength === undefined || below <= pathLength;
};

/** Synchronous: runs when a root is read, never while an artifact is verified. */
const isSignedBy = (certificate: Certificate, key: PublicKey): boolean => {
  const scheme = SIGNATURE_SCHEMES.get(certificate.signatureAlgorithm);
  if (scheme === undefined || scheme.family !== key.family) return false;
  const hash = scheme.family === "ed25519" ? null : scheme.hash;
  return hash !== undefined && verify(hash, encodingOf(certificate.tbs), key.object, certificate.signature);
};

const checkLinks = (chain: readonly Certificate[], purpose: Purpose): void => {
  chain.forEach((certificate, index) => {
    if (!mayIssue(certificate, index)) malformed("a certificate of the chain may not issue others");
    // The root's own purposes are not looked at: it is trusted for being listed.
    const issuer = chain[index + 1];
    if (issuer === undefined) return;
    if (!allowsPurpose(certificate, purpose)) malformed(`a certificate of the chain is not for ${purpose}`);
    if (!certificate.issuer.equals(issuer.subject)) malformed("chain is not in order, from the leaf up");
    if (!isSignedBy(certificate, keyOf(issuer)))
      malformed("a certificate is not signed by the next of its chain");
  });
};

const toIssuers = (chain: readonly Certificate[]): readonly Issuer[] =>
  chain.map((certificate, index) => ({
    certificate,
    key: keyOf(certificate),
    keyHash: createHash("sha256").update(certificate.publicKeyInfo).digest(),
    path: chain.slice(index),
  }));

/** A TSA's chain may begin with the signing certificate; Fulcio's never does. */
const splitLeaf = (
  chain: readonly Certificate[],
  purpose: Purpose,
): [Certificate | undefined, readonly Certificate[]] => {
  const [first, ...rest] = chain;
  const hasLeaf = purpose === "timeStamping" && first !== undefined && !basicConstraintsOf(first).authority;
  return hasLeaf ? [first, rest] : [undefined, chain];
};

export const parseCertificateAuthority = (value: Json, purpose: Purpose): CertificateAuthority => {
  const fields = toClosedObject(value, "certificate authority", FIELDS);
  const list = toClosedObject(fields.certChain, "certChain", new Set(["certificates"]));
  const encoded = toArray(list.certificates, "certificates");
  if (encoded.length === 0 || encoded.length > MAX_CHAIN) malformed("chain is empty or too long");
  const chain = encoded.map((item) => {
    const entry = toClosedObject(item, "certificate", new Set(["rawBytes"]));
    return parseCertificate(toBytes(entry.rawBytes, "rawBytes"));
  });
  const [leaf, authorities] = splitLeaf(chain, purpose);
  checkLinks(authorities, purpose);
  const [nearest] = authorities;
  if (nearest === undefined) return malformed("chain has no authority");
  if (leaf !== undefined && !(leaf.issuer.equals(nearest.subject) && isSignedBy(leaf, keyOf(nearest)))) {
    malformed("the signing certificate is not issued by its chain");
  }
  return {
    issuers: toIssuers(authorities),
    leaf,
    leafKey: leaf === undefined ? undefined : keyOf(leaf),
    validFor: parseTimeRange(fields.validFor, "certificate authority"),
  };
};

/** Whether the authority and every certificate from `issuer` up were valid at that moment. */
export const isTrustedAt = (authority: CertificateAuthority, issuer: Issuer, atMs: number): boolean =>
  includes(authority.validFor, atMs) && issuer.path.every((certificate) => isValidAt(certificate, atMs));
