import { hash } from "node:crypto";
import { type Certificate, isValidAt, parseCertificate } from "../certificate/certificate.ts";
import { type CertificateAuthority, isTrustedAt } from "../certificate/certificate-authority.ts";
import {
  allowsUsage,
  basicConstraintsOf,
  extendedKeyUsageOf,
  hasUnknownCriticalExtension,
  subjectKeyIdOf,
} from "../certificate/certificate-constraints.ts";
import { candidatePaths, isSignedBy, type TrustPath } from "../certificate/chain.ts";
import { contentOf, expectTag, sequenceOf, TAG } from "../encoding/der.ts";
import { readOid } from "../encoding/der-values.ts";
import { HASHES, OID } from "../encoding/oids.ts";
import { inOrder } from "../in-order.ts";
import { importKey, type PublicKey, verifyDeclared } from "../key/keys.ts";
import { furthest, type Reason } from "../reasons.ts";
import { Refusal, refuse, refuseAs, toReason } from "../refusal.ts";
import type { TrustedRoot } from "../trust/trusted-root.ts";
import { parseTimestampToken, type TimestampToken } from "./timestamp-token.ts";

/** Who may have signed the token, under one authority. `pinned`: the trusted root lists this very certificate. */
interface TokenSigner {
  readonly certificate: Certificate;
  readonly path: TrustPath;
  readonly pinned: boolean;
}

/** RFC 3161 2.3: an end-entity certificate whose only purpose, marked critical, is time stamping. */
const maySignTimestamps = (certificate: Certificate): boolean => {
  const purposes = extendedKeyUsageOf(certificate);
  return (
    purposes?.length === 1 &&
    purposes[0] === OID.timeStamping &&
    certificate.extensions.get(OID.extendedKeyUsage)?.critical === true &&
    allowsUsage(certificate, "digitalSignature") &&
    !basicConstraintsOf(certificate).authority &&
    !hasUnknownCriticalExtension(certificate)
  );
};

/** The certificate is chosen by the signer's identifier, never by its place in the token. */
const isNamedBy = (certificate: Certificate, { signer }: TimestampToken): boolean =>
  "keyId" in signer
    ? subjectKeyIdOf(certificate)?.equals(signer.keyId) === true
    : certificate.issuer.equals(signer.issuer) && certificate.serial.equals(signer.serial);

/** RFC 5035: the signed attribute that says which certificate signs, so that no other with the same key can stand in. */
const namesCertificate = (token: TimestampToken, certificate: Certificate): boolean => {
  const second = token.attributes.get(OID.signingCertificateV2);
  const attribute = second ?? token.attributes.get(OID.signingCertificate);
  if (attribute === undefined) return true;
  const [identifier] = sequenceOf(sequenceOf(attribute)[0]);
  const parts = sequenceOf(identifier);
  const named = parts[0]?.tag === TAG.sequence ? HASHES.get(readOid(sequenceOf(parts[0])[0])) : "sha256";
  const recorded = parts.find(({ tag }) => tag === TAG.octetString);
  const algorithm = second === undefined ? "sha1" : named;
  if (algorithm === undefined) return false;
  return hash(algorithm, certificate.der, "buffer").equals(contentOf(expectTag(recorded, TAG.octetString)));
};

const signersUnder = (
  authority: CertificateAuthority,
  embedded: readonly Certificate[],
): readonly TokenSigner[] => {
  const [nearest] = authority.issuers;
  if (authority.leaf !== undefined) {
    return nearest === undefined
      ? []
      : [{ certificate: authority.leaf, path: { authority, issuer: nearest }, pinned: true }];
  }
  return embedded.flatMap((certificate) =>
    candidatePaths(certificate, [authority]).map((path) => ({ certificate, path, pinned: false })),
  );
};

/** The certificate the token brought for its signer. Others in the bag may be of forms that are not read here. */
const readEmbedded = (der: Buffer): Certificate | undefined => {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

const findSigners = (token: TimestampToken, root: TrustedRoot): readonly TokenSigner[] => {
  const embedded = token.certificates
    .map(readEmbedded)
    .filter((certificate) => certificate !== undefined && isNamedBy(certificate, token))
    .filter((certificate) => certificate !== undefined);
  return root.timestampAuthorities
    .flatMap((authority) => signersUnder(authority, embedded))
    .filter(({ certificate }) => isNamedBy(certificate, token));
};

/** CMS: what is signed are the attributes, and they must speak of this content. */
const checkAttributes = (token: TimestampToken): void => {
  const type = token.attributes.get(OID.contentType);
  if (type === undefined || readOid(type) !== OID.timestampInfo)
    refuse("timestamp-invalid", "content type is not signed");
  const digest = token.attributes.get(OID.messageDigest);
  const expected = hash(token.digest, token.content, "buffer");
  if (digest === undefined || !contentOf(expectTag(digest, TAG.octetString)).equals(expected)) {
    refuse("timestamp-invalid", "content is not the signed one");
  }
};

const keyOf = ({ certificate, path, pinned }: TokenSigner): PublicKey | undefined =>
  pinned ? path.authority.leafKey : importKey(certificate.publicKeyInfo);

const verifySigner = async (token: TimestampToken, signer: TokenSigner): Promise<boolean> => {
  const { certificate, path, pinned } = signer;
  const key = keyOf(signer);
  if (key === undefined) return false;
  const [signed, issued] = await inOrder([
    verifyDeclared(
      key,
      { algorithm: token.signatureAlgorithm, digest: token.digest },
      token.signedAttributes,
      token.signature,
    ),
    pinned ? true : isSignedBy(certificate, path),
  ]);
  return signed && issued;
};

const verifyToken = async (bytes: Buffer, data: Buffer, root: TrustedRoot): Promise<number> => {
  const token = parseTimestampToken(bytes);
  const imprint = hash(token.imprintHash, data, "buffer");
  if (!imprint.equals(token.imprint)) refuse("timestamp-mismatch", "imprint is of other data");
  refuseAs("timestamp-malformed", () => checkAttributes(token));
  const signers = refuseAs("timestamp-malformed", () =>
    findSigners(token, root)
      .filter(({ certificate }) => maySignTimestamps(certificate) && namesCertificate(token, certificate))
      .filter(({ path }) => isTrustedAt(path.authority, path.issuer, token.timeMs))
      .filter(({ certificate }) => isValidAt(certificate, token.timeMs)),
  );
  if (signers.length === 0) refuse("timestamp-untrusted", "no trusted authority was valid at that time");
  const verified = await Promise.all(signers.map((signer) => verifySigner(token, signer)));
  return verified.includes(true) ? token.timeMs : refuse("timestamp-invalid", "signature does not verify");
};

export interface VerifiedTimestamps {
  readonly timesMs: readonly number[];
  /** Why the others did not count. */
  readonly failure: Reason | undefined;
}

/**
 * The moments at which trusted authorities saw `data`. A timestamp that does not verify counts for nothing and
 * harms nothing (anybody may add one); the same timestamp twice is refused.
 */
export const verifyTimestamps = async (
  timestamps: readonly Buffer[],
  data: Buffer,
  root: TrustedRoot,
): Promise<VerifiedTimestamps> => {
  if (new Set(timestamps.map((bytes) => bytes.toString("latin1"))).size !== timestamps.length) {
    refuse("evidence-duplicated", "one timestamp appears twice");
  }
  const settled = await Promise.allSettled(timestamps.map((bytes) => verifyToken(bytes, data, root)));
  const timesMs = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failures = settled.flatMap((result) =>
    result.status === "rejected" ? [toReason(result.reason)] : [],
  );
  return { timesMs, failure: failures.length === 0 ? undefined : failures.reduce(furthest) };
};
