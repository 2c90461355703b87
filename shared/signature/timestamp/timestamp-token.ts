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
import { type Oid, readInteger, readOid, readSmallInteger, readTime } from "../encoding/der-values.ts";
import { HASHES, type HashName, OID } from "../encoding/oids.ts";
import { refuse, refuseAs } from "../refusal.ts";

/** An RFC 3161 timestamp as its parts. Nothing in it is trusted yet. */
export interface TimestampToken {
  readonly timeMs: number;
  readonly imprintHash: HashName;
  readonly imprint: Buffer;
  /** The signed content (TSTInfo), whose digest is among the signed attributes. */
  readonly content: Buffer;
  readonly signer: { readonly issuer: Buffer; readonly serial: Buffer } | { readonly keyId: Buffer };
  readonly digest: HashName;
  readonly signatureAlgorithm: Oid;
  readonly signature: Buffer;
  /** The signed attributes as a SET, which is how RFC 5652 5.4 has them signed. */
  readonly signedAttributes: Buffer;
  readonly attributes: ReadonlyMap<Oid, Der>;
  /** Certificates the token brought along: only ever candidates. */
  readonly certificates: readonly Buffer[];
}

const MAX_BYTES = 64 * 1024;
const MAX_CERTIFICATES = 8;
/** granted, grantedWithMods (RFC 3161 2.4.2). */
const GRANTED: readonly number[] = [0, 1];

const malformed = (detail: string): never => refuse("evidence-malformed", `timestamp: ${detail}`);

const readHash = (algorithm: Der | undefined): HashName =>
  HASHES.get(readOid(sequenceOf(algorithm)[0])) ?? malformed("unsupported hash");

interface TimestampInfo {
  readonly timeMs: number;
  readonly imprintHash: HashName;
  readonly imprint: Buffer;
}

const readInfo = (content: Buffer): TimestampInfo => {
  const [version, policy, imprint, serial, time, ...optional] = sequenceOf(readDer(content));
  if (readSmallInteger(version) !== 1) malformed("unknown version");
  readOid(policy);
  readInteger(serial);
  // Extensions could change what the token means; none is understood here.
  if (optional.some(({ tag }) => tag === contextTag(1))) malformed("extensions are not supported");
  const [algorithm, hashed] = sequenceOf(imprint);
  return {
    timeMs: readTime(expectTag(time, TAG.generalizedTime)),
    imprintHash: readHash(algorithm),
    imprint: contentOf(expectTag(hashed, TAG.octetString)),
  };
};

/** Attributes by type; each may appear once and hold one value. */
const readAttributes = (field: Der): ReadonlyMap<Oid, Der> => {
  const attributes = new Map<Oid, Der>();
  for (const attribute of childrenOf(field)) {
    const [type, values] = sequenceOf(attribute);
    const [value, extra] = childrenOf(expectTag(values, TAG.set));
    const id = readOid(type);
    if (value === undefined || extra !== undefined || attributes.has(id))
      malformed("attribute is not single");
    else attributes.set(id, value);
  }
  return attributes;
};

const readSigner = (element: Der | undefined): TimestampToken["signer"] => {
  if (element?.tag === contextTag(0, "primitive")) return { keyId: contentOf(element) };
  const [issuer, serial] = sequenceOf(element);
  return { issuer: encodingOf(expectTag(issuer, TAG.sequence)), serial: readInteger(serial) };
};

const readSignerInfo = (infos: Der | undefined) => {
  const [info, extra] = childrenOf(expectTag(infos, TAG.set));
  if (extra !== undefined) malformed("several signers");
  const [version, signer, digest, attributes, algorithm, signature] = sequenceOf(info);
  readSmallInteger(version);
  const field = expectTag(attributes, contextTag(0));
  return {
    signer: readSigner(signer),
    digest: readHash(digest),
    attributes: readAttributes(field),
    signedAttributes: Buffer.concat([Buffer.from([TAG.set]), encodingOf(field).subarray(1)]),
    signatureAlgorithm: readOid(sequenceOf(algorithm)[0]),
    signature: contentOf(expectTag(signature, TAG.octetString)),
  };
};

const readContent = (element: Der | undefined): Buffer => {
  const [type, wrapper] = sequenceOf(element);
  if (readOid(type) !== OID.timestampInfo) malformed("content is not a timestamp");
  const [content, extra] = childrenOf(expectTag(wrapper, contextTag(0)));
  if (extra !== undefined) malformed("content is not single");
  return contentOf(expectTag(content, TAG.octetString));
};

const readSignedData = (signedData: Der): TimestampToken => {
  const [version, , content, ...rest] = sequenceOf(signedData);
  readSmallInteger(version);
  const bytes = readContent(content);
  const bag = rest.find(({ tag }) => tag === contextTag(0));
  const certificates = bag === undefined ? [] : childrenOf(bag).map(encodingOf);
  if (certificates.length > MAX_CERTIFICATES) malformed("too many certificates");
  return { ...readInfo(bytes), content: bytes, certificates, ...readSignerInfo(rest.at(-1)) };
};

const parse = (bytes: Buffer): TimestampToken => {
  if (bytes.length > MAX_BYTES) malformed("too large");
  const [status, token, extra] = sequenceOf(readDer(bytes));
  if (!GRANTED.includes(readSmallInteger(sequenceOf(status)[0]))) malformed("the authority refused");
  if (extra !== undefined) malformed("trailing data");
  const [type, wrapper] = sequenceOf(token);
  if (readOid(type) !== OID.signedData) malformed("not signed data");
  const [signedData] = childrenOf(expectTag(wrapper, contextTag(0)));
  return readSignedData(expectTag(signedData, TAG.sequence));
};

/** Reads a TimeStampResp (RFC 3161) with its one CMS signer (RFC 5652), in strict DER. */
export const parseTimestampToken = (bytes: Buffer): TimestampToken =>
  refuseAs("timestamp-malformed", () => parse(bytes));
