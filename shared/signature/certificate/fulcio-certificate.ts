import {
  childrenOf,
  contentOf,
  contextTag,
  type Der,
  expectTag,
  onlyElementIn,
  readDer,
  sequenceOf,
  TAG,
} from "../encoding/der.ts";
import { oid, readOid } from "../encoding/der-values.ts";
import { OID } from "../encoding/oids.ts";
import { Refusal, refuse } from "../refusal.ts";
import type { Certificate } from "./certificate.ts";
import {
  allowsUsage,
  basicConstraintsOf,
  extendedKeyUsageOf,
  hasUnknownCriticalExtension,
} from "./certificate-constraints.ts";

/** Who a certificate says its holder is. Worth nothing until the certificate's chain has been verified. */
export interface ClaimedIdentity {
  readonly issuer: string;
  readonly subject: string;
}

const FULCIO = "1.3.6.1.4.1.57264.1";
const ISSUER_RAW = oid(`${FULCIO}.1`);
const ISSUER = oid(`${FULCIO}.8`);

/** Fulcio's further claims by the names that Sigstore's own tools give them. The first five are raw text, the rest DER. */
const CLAIMS = {
  githubWorkflowTrigger: oid(`${FULCIO}.2`),
  githubWorkflowSHA: oid(`${FULCIO}.3`),
  githubWorkflowName: oid(`${FULCIO}.4`),
  githubWorkflowRepository: oid(`${FULCIO}.5`),
  githubWorkflowRef: oid(`${FULCIO}.6`),
  buildSignerURI: oid(`${FULCIO}.9`),
  buildSignerDigest: oid(`${FULCIO}.10`),
  runnerEnvironment: oid(`${FULCIO}.11`),
  sourceRepositoryURI: oid(`${FULCIO}.12`),
  sourceRepositoryDigest: oid(`${FULCIO}.13`),
  sourceRepositoryRef: oid(`${FULCIO}.14`),
  sourceRepositoryIdentifier: oid(`${FULCIO}.15`),
  sourceRepositoryOwnerURI: oid(`${FULCIO}.16`),
  sourceRepositoryOwnerIdentifier: oid(`${FULCIO}.17`),
  buildConfigURI: oid(`${FULCIO}.18`),
  buildConfigDigest: oid(`${FULCIO}.19`),
  buildTrigger: oid(`${FULCIO}.20`),
  runInvocationURI: oid(`${FULCIO}.21`),
  sourceRepositoryVisibilityAtSigning: oid(`${FULCIO}.22`),
  deploymentEnvironment: oid(`${FULCIO}.23`),
  tokenSubject: oid(`${FULCIO}.24`),
} as const;

export type ClaimName = keyof typeof CLAIMS;

export const isClaimName = (name: string): name is ClaimName => Object.hasOwn(CLAIMS, name);

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/**
 * Of an issuer, a subject or a claim; SPIFFE's ids, the longest known, end here. They are matched with patterns before
 * anything about the certificate is trusted, and matching takes time with their length.
 */
const MAX_TEXT_BYTES = 2048;

const decodeUtf8 = (bytes: Buffer): string | undefined => {
  if (bytes.length > MAX_TEXT_BYTES) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** A claim written as a DER UTF8String that fills the extension; anything else is not a claim. */
const decodeClaim = (value: Buffer): string | undefined => {
  try {
    return decodeUtf8(contentOf(expectTag(readDer(value), TAG.utf8String)));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

/** The value of one claim; undefined when the certificate does not make it, or not in its proper form. */
export const claimOf = (certificate: Certificate, name: ClaimName): string | undefined => {
  const extension = certificate.extensions.get(CLAIMS[name]);
  if (extension === undefined) return undefined;
  return name.startsWith("github") ? decodeUtf8(extension.value) : decodeClaim(extension.value);
};

/** The issuer as certificates of the first generation name it: the extension's bytes are the text. */
export const rawIssuerOf = ({ extensions }: Certificate): string | undefined => {
  const raw = extensions.get(ISSUER_RAW);
  return raw === undefined ? undefined : decodeUtf8(raw.value);
};

/**
 * The issuer of the token behind the certificate. Certificates carry it raw (.1.1) and as UTF8String (.1.8); a
 * certificate in which the two differ is read differently by different verifiers, so it is refused.
 */
const issuerOf = (certificate: Certificate): string => {
  const encoded = certificate.extensions.get(ISSUER);
  const rawText = rawIssuerOf(certificate);
  const issuer = encoded === undefined ? rawText : decodeClaim(encoded.value);
  if (issuer === undefined || issuer === "") return refuse("certificate-issuer", "no readable issuer");
  if (certificate.extensions.has(ISSUER_RAW) && rawText !== issuer)
    return refuse("certificate-issuer", "issuer extensions differ");
  return issuer;
};

const URI = contextTag(6, "primitive");
const EMAIL = contextTag(1, "primitive");
const OTHER_NAME = contextTag(0);
/** Names are ASCII without blanks: a NUL or a newline inside one is there to cut a comparison short. */
const PRINTABLE = /^[\x21-\x7e]+$/;

const readOtherName = (name: Der): string | undefined => {
  const [type, value, extra] = childrenOf(name);
  if (readOid(type) !== OID.fulcioOtherName || value?.tag !== contextTag(0) || extra !== undefined)
    return undefined;
  const text = onlyElementIn(value);
  return text.tag === TAG.utf8String ? decodeUtf8(contentOf(text)) : undefined;
};

const readName = (name: Der): string | undefined => {
  if (name.tag === URI || name.tag === EMAIL) return decodeUtf8(contentOf(name));
  return name.tag === OTHER_NAME ? readOtherName(name) : undefined;
};

const subjectOf = ({ extensions }: Certificate): string => {
  const extension = extensions.get(OID.subjectAltName);
  if (extension === undefined) return refuse("certificate-name", "no subject alternative name");
  const [name, second] = sequenceOf(readDer(extension.value));
  if (second !== undefined) return refuse("certificate-name", "several subject alternative names");
  const subject = name === undefined ? undefined : readName(name);
  if (subject === undefined || !PRINTABLE.test(subject)) {
    return refuse("certificate-name", "unsupported subject alternative name");
  }
  return subject;
};

/** What a certificate must be to sign artifacts at all, whoever issued it. */
const checkUsage = (certificate: Certificate): void => {
  if (basicConstraintsOf(certificate).authority) refuse("certificate-usage", "is a certificate authority");
  if (hasUnknownCriticalExtension(certificate)) refuse("certificate-usage", "unknown critical extension");
  if (extendedKeyUsageOf(certificate)?.includes(OID.codeSigning) !== true)
    refuse("certificate-usage", "not for code signing");
  if (!allowsUsage(certificate, "digitalSignature")) refuse("certificate-usage", "not for signatures");
};

const readIdentityOnce = (certificate: Certificate): ClaimedIdentity => {
  checkUsage(certificate);
  try {
    return { issuer: issuerOf(certificate), subject: subjectOf(certificate) };
  } catch (error) {
    if (error instanceof Refusal && error.reason === "evidence-malformed") {
      return refuse("certificate-name", error.message);
    }
    throw error;
  }
};

const identities = new WeakMap<Certificate, ClaimedIdentity>();

/** Reads who a signing certificate names, after checking that it may sign. Throws Refusal. */
export const readIdentity = (certificate: Certificate): ClaimedIdentity => {
  const identity = identities.get(certificate) ?? readIdentityOnce(certificate);
  identities.set(certificate, identity);
  return identity;
};
