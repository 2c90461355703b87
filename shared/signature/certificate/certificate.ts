import {
  childrenOf,
  contentOf,
  contextTag,
  type Der,
  encodingOf,
  expectTag,
  readDer,
  sequenceOf,
  TAG,
} from "../encoding/der.ts";
import {
  type Oid,
  readBitString,
  readBoolean,
  readInteger,
  readOid,
  readSmallInteger,
  readTime,
} from "../encoding/der-values.ts";
import { refuse, refuseAs } from "../refusal.ts";

export interface Extension {
  readonly critical: boolean;
  /** Content of the OCTET STRING that wraps the extension's own DER. */
  readonly value: Buffer;
  /** The whole extension, for cutting it out of what a certificate timestamp covers. */
  readonly element: Der;
}

/** A certificate as slices of its own bytes. Nothing about it is trusted yet. */
export interface Certificate {
  readonly der: Buffer;
  readonly tbs: Der;
  readonly serial: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKeyInfo: Buffer;
  readonly signatureAlgorithm: Oid;
  readonly signature: Buffer;
  readonly extensions: ReadonlyMap<Oid, Extension>;
  /** The `[3]` element and its SEQUENCE, for re-encoding without one extension. */
  readonly extensionsField: Der | undefined;
}

export const MAX_CERTIFICATE_BYTES = 64 * 1024;
const MAX_EXTENSIONS = 64;
const VERSION_3 = 2;

const malformed = (detail: string): never => refuse("evidence-malformed", detail);

const readExtension = (element: Der): [Oid, Extension] => {
  const parts = sequenceOf(element);
  const critical = parts.length === 3 && parts[1] !== undefined ? readBoolean(parts[1]) : false;
  // DER leaves out a value that equals its default.
  if (parts.length === 3 && !critical) malformed("extension spells out the default FALSE");
  if (parts.length < 2 || parts.length > 3) malformed("extension has the wrong number of parts");
  const value = contentOf(expectTag(parts.at(-1), TAG.octetString));
  return [readOid(parts[0]), { critical, value, element }];
};

const readExtensions = (field: Der | undefined): ReadonlyMap<Oid, Extension> => {
  const extensions = new Map<Oid, Extension>();
  if (field === undefined) return extensions;
  const [list, extra] = childrenOf(field);
  if (extra !== undefined) malformed("extensions are followed by data");
  for (const element of sequenceOf(list)) {
    const [id, extension] = readExtension(element);
    // Two extensions of one kind let two readers see two identities.
    if (extensions.has(id)) malformed("an extension appears twice");
    extensions.set(id, extension);
    if (extensions.size > MAX_EXTENSIONS) malformed("too many extensions");
  }
  return extensions;
};

const readAlgorithm = (element: Der | undefined): Buffer => encodingOf(expectTag(element, TAG.sequence));

const parse = (der: Buffer): Certificate => {
  const outer = sequenceOf(readDer(der));
  const [tbs, algorithm, signature] = outer;
  if (outer.length !== 3) malformed("certificate has the wrong number of parts");
  const fields = sequenceOf(tbs);
  const [version, serial, innerAlgorithm, issuer, validity, subject, publicKeyInfo, ...optional] = fields;
  const [versionNumber] = childrenOf(expectTag(version, contextTag(0)));
  if (readSmallInteger(versionNumber) !== VERSION_3) malformed("certificate is not version 3");
  // RFC 5280 4.1.1.2: the unsigned outer identifier must repeat the signed one.
  if (!readAlgorithm(algorithm).equals(readAlgorithm(innerAlgorithm)))
    malformed("signature algorithms differ");
  const [notBefore, notAfter, extraTime] = sequenceOf(validity);
  if (extraTime !== undefined) malformed("validity has more than two times");
  const [extensionsField, extraField] = optional;
  if (extraField !== undefined) malformed("unique identifiers are not supported");
  if (extensionsField !== undefined) expectTag(extensionsField, contextTag(3));
  return {
    der,
    tbs: expectTag(tbs, TAG.sequence),
    serial: readInteger(serial),
    issuer: encodingOf(expectTag(issuer, TAG.sequence)),
    subject: encodingOf(expectTag(subject, TAG.sequence)),
    notBeforeMs: readTime(notBefore),
    notAfterMs: readTime(notAfter),
    publicKeyInfo: encodingOf(expectTag(publicKeyInfo, TAG.sequence)),
    signatureAlgorithm: readOid(sequenceOf(algorithm)[0]),
    signature: readBitString(signature),
    extensions: readExtensions(extensionsField),
    extensionsField,
  };
};

/** Reads one X.509 v3 certificate in strict DER. */
export const parseCertificate = (der: Buffer): Certificate => {
  if (der.length > MAX_CERTIFICATE_BYTES) return refuse("certificate-malformed", "certificate is too large");
  return refuseAs("certificate-malformed", () => parse(der));
};

/** Whether `atMs` lies in the certificate's validity, both ends included (RFC 5280 4.1.2.5). */
export const isValidAt = (certificate: Certificate, atMs: number): boolean =>
  certificate.notBeforeMs <= atMs && atMs <= certificate.notAfterMs;
