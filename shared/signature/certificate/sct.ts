import { childrenOf, contentOf, encodeDer, encodingOf, expectTag, readDer, TAG } from "../encoding/der.ts";
import { OID } from "../encoding/oids.ts";
import { includes } from "../encoding/time-range.ts";
import { verifySignature } from "../key/keys.ts";
import { refuse, refuseAs } from "../refusal.ts";
import type { TransparencyLog, TrustedRoot } from "../trust/trusted-root.ts";
import type { Certificate } from "./certificate.ts";

/** A certificate transparency log's promise to publish the certificate (RFC 6962 3.2). */
interface CertificateTimestamp {
  readonly logId: Buffer;
  readonly timeMs: number;
  /** Timestamp, log entry type and everything up to the signature, as signed. */
  readonly head: Buffer;
  readonly extensions: Buffer;
  readonly signature: Buffer;
}

const MAX_TIMESTAMPS = 16;
const HEADER_BYTES = 1 + 32 + 8 + 2;
const SHA256 = 4;
const SIGNATURE_FAMILY = new Map([
  [1, "rsa"],
  [3, "ec"],
]);

const malformed = (detail: string): never => refuse("evidence-malformed", `SCT: ${detail}`);

/** A TLS vector with a two-byte length, at `at`. */
const readVector = (bytes: Buffer, at: number): Buffer => {
  if (at + 2 > bytes.length) malformed("ends early");
  const end = at + 2 + bytes.readUInt16BE(at);
  if (end > bytes.length) malformed("length exceeds its container");
  return bytes.subarray(at + 2, end);
};

const parseTimestamp = (bytes: Buffer): CertificateTimestamp & { readonly family: string | undefined } => {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0) malformed("not version 1");
  const extensions = readVector(bytes, HEADER_BYTES - 2);
  const afterExtensions = HEADER_BYTES + extensions.length;
  const signature = readVector(bytes, afterExtensions + 2);
  if (afterExtensions + 4 + signature.length !== bytes.length) malformed("trailing data");
  if (bytes[afterExtensions] !== SHA256) malformed("hash is not SHA-256");
  return {
    logId: bytes.subarray(1, 33),
    timeMs: Number(bytes.readBigUInt64BE(33)),
    head: bytes.subarray(33, 41),
    extensions,
    signature,
    family: SIGNATURE_FAMILY.get(bytes[afterExtensions + 1] ?? 0),
  };
};

const parseList = (value: Buffer): readonly ReturnType<typeof parseTimestamp>[] => {
  const bytes = contentOf(expectTag(readDer(value), TAG.octetString));
  const list = readVector(bytes, 0);
  if (list.length + 2 !== bytes.length) malformed("trailing data after the list");
  const timestamps = [];
  for (let at = 0; at < list.length; ) {
    const item = readVector(list, at);
    timestamps.push(parseTimestamp(item));
    if (timestamps.length > MAX_TIMESTAMPS) malformed("too many");
    at += 2 + item.length;
  }
  return timestamps;
};

/** The certificate as the log saw it: without the very extension that now carries the log's answer. */
const toPrecertificate = ({ tbs, extensionsField, extensions }: Certificate): Buffer => {
  if (extensionsField === undefined) return malformed("certificate has no extensions");
  const kept = [...extensions]
    .filter(([id]) => id !== OID.sctList)
    .map(([, { element }]) => encodingOf(element));
  const field = encodeDer(extensionsField.tag, encodeDer(TAG.sequence, ...kept));
  const others = childrenOf(tbs).filter(({ start }) => start !== extensionsField.start);
  return encodeDer(TAG.sequence, ...others.map(encodingOf), field);
};

const uint = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};

/** RFC 6962 3.2: version 1, certificate_timestamp, time, precert_entry, issuer key hash, TBS, extensions. */
const toSigned = (sct: CertificateTimestamp, issuerKeyHash: Buffer, precertificate: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0]),
    sct.head,
    uint(1, 2),
    issuerKeyHash,
    uint(precertificate.length, 3),
    precertificate,
    uint(sct.extensions.length, 2),
    sct.extensions,
  ]);

/** Checks that a known certificate transparency log promised to publish this certificate. Throws Refusal. */
export const verifyCertificateTimestamps = async (
  certificate: Certificate,
  issuerKeyHash: Buffer,
  root: TrustedRoot,
): Promise<void> => {
  const extension = certificate.extensions.get(OID.sctList);
  if (extension === undefined) return refuse("sct-missing", "certificate has no SCT");
  const timestamps = refuseAs("sct-invalid", () => parseList(extension.value));
  const logIds = new Set(timestamps.map(({ logId }) => logId.toString("hex")));
  if (logIds.size !== timestamps.length) return refuse("evidence-duplicated", "two SCTs of one log");
  const known = timestamps.flatMap((sct) => {
    const log: TransparencyLog | undefined = root.certificateLogs.get(sct.logId.toString("hex"));
    return log === undefined ? [] : [{ sct, log }];
  });
  if (known.length === 0) return refuse("sct-missing", "no SCT of a known log");
  const precertificate = refuseAs("sct-invalid", () => toPrecertificate(certificate));
  const results = await Promise.all(
    known.map(({ sct, log }) =>
      sct.family === log.key.family && includes(log.validFor, sct.timeMs)
        ? verifySignature(log.key, "sha256", toSigned(sct, issuerKeyHash, precertificate), sct.signature)
        : false,
    ),
  );
  if (!results.includes(true)) refuse("sct-invalid", "no SCT verifies");
};
