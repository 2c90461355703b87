import { type Certificate, parseCertificate } from "../certificate/certificate.ts";
import { basicConstraintsOf } from "../certificate/certificate-constraints.ts";
import { decodeBase64 } from "../encoding/base64.ts";
import { type Json, type JsonObject, parseJson } from "../encoding/json.ts";
import { isSet, toArray, toBytes, toClosedObject, toCount, toText } from "../encoding/json-fields.ts";
import { refuse } from "../refusal.ts";
import { type Envelope, parseEnvelope } from "./envelope.ts";
import type { InclusionProof, LogEntry } from "./material.ts";

export type BundleVersion = "0.1" | "0.2" | "0.3";

export interface MessageSignature {
  readonly algorithm: string;
  readonly digest: Buffer;
  readonly signature: Buffer;
}

/** A Sigstore bundle, read strictly. Nothing in it is trusted yet. */
export interface Bundle {
  readonly version: BundleVersion;
  /** The signing certificate; undefined when the bundle says that a key signed. */
  readonly certificate: Certificate | undefined;
  readonly entries: readonly LogEntry[];
  readonly timestamps: readonly Buffer[];
  readonly content:
    | { readonly kind: "envelope"; readonly envelope: Envelope }
    | { readonly kind: "message"; readonly message: MessageSignature };
}

const MAX_ENTRIES = 32;
const MAX_TIMESTAMPS = 32;
const MAX_HASHES = 64;
const MAX_CERTIFICATES = 8;
const HASH_BYTES = 32;

const VERSIONS: ReadonlyMap<string, BundleVersion> = new Map([
  ["application/vnd.dev.sigstore.bundle+json;version=0.1", "0.1"],
  ["application/vnd.dev.sigstore.bundle+json;version=0.2", "0.2"],
  ["application/vnd.dev.sigstore.bundle+json;version=0.3", "0.3"],
  ["application/vnd.dev.sigstore.bundle.v0.3+json", "0.3"],
]);

const FIELDS = {
  bundle: new Set(["mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"]),
  material: new Set([
    "certificate",
    "x509CertificateChain",
    "publicKey",
    "tlogEntries",
    "timestampVerificationData",
  ]),
  entry: new Set([
    "logIndex",
    "logId",
    "kindVersion",
    "integratedTime",
    "inclusionPromise",
    "inclusionProof",
    "canonicalizedBody",
  ]),
  proof: new Set(["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"]),
  message: new Set(["messageDigest", "signature"]),
};

const malformed = (detail: string): never => refuse("evidence-malformed", detail);

/** protobuf's JSON form leaves out numbers that are zero. */
const toOptionalCount = (value: Json | undefined, name: string): number =>
  isSet(value) ? toCount(value, name) : 0;

const toList = (value: Json | undefined, name: string, max: number): readonly Json[] => {
  const items = isSet(value) ? toArray(value, name) : [];
  return items.length > max ? refuse("limit-exceeded", `too many ${name}`) : items;
};

const readHash = (value: Json | undefined): Buffer => {
  const hash = toBytes(value, "proof hash");
  return hash.length === HASH_BYTES ? hash : malformed("proof hash is not 32 bytes");
};

const readProof = (value: Json): InclusionProof => {
  const fields = toClosedObject(value, "inclusionProof", FIELDS.proof);
  const checkpoint = toClosedObject(fields.checkpoint, "checkpoint", new Set(["envelope"]));
  return {
    logIndex: toOptionalCount(fields.logIndex, "proof index"),
    treeSize: toOptionalCount(fields.treeSize, "tree size"),
    rootHash: readHash(fields.rootHash),
    hashes: toList(fields.hashes, "proof hashes", MAX_HASHES).map(readHash),
    checkpoint: toText(checkpoint.envelope, "checkpoint"),
  };
};

const readPromise = (value: Json): Buffer =>
  toBytes(toClosedObject(value, "promise", new Set(["signedEntryTimestamp"])).signedEntryTimestamp, "SET");

const readEntry = (value: Json): LogEntry => {
  const fields = toClosedObject(value, "log entry", FIELDS.entry);
  const kind = toClosedObject(fields.kindVersion, "kindVersion", new Set(["kind", "version"]));
  const logId = toClosedObject(fields.logId, "logId", new Set(["keyId"]));
  const { inclusionPromise: promise, inclusionProof: proof } = fields;
  const integratedTime = toOptionalCount(fields.integratedTime, "integratedTime");
  return {
    logId: toBytes(logId.keyId, "keyId"),
    logIndex: toOptionalCount(fields.logIndex, "logIndex"),
    kind: toText(kind.kind, "kind"),
    version: toText(kind.version, "version"),
    integratedTime: integratedTime === 0 ? undefined : integratedTime,
    promise: isSet(promise) ? readPromise(promise) : undefined,
    proof: isSet(proof) ? readProof(proof) : undefined,
    body: toBytes(fields.canonicalizedBody, "canonicalizedBody"),
  };
};

const readRawCertificate = (value: Json | undefined): Certificate => {
  const fields = toClosedObject(value, "certificate", new Set(["rawBytes"]));
  return parseCertificate(decodeBase64(toText(fields.rawBytes, "certificate")));
};

/** The leaf of a chain. Authorities are taken from the trusted root alone; a bundled root would be a smuggled one. */
const readChain = (value: Json): Certificate => {
  const chain = toClosedObject(value, "chain", new Set(["certificates"]));
  const certificates = toList(chain.certificates, "certificates", MAX_CERTIFICATES).map(readRawCertificate);
  const [leaf, ...above] = certificates;
  if (leaf === undefined) return malformed("certificate chain is empty");
  const root = above.find((item) => basicConstraintsOf(item).authority && item.issuer.equals(item.subject));
  return root === undefined ? leaf : malformed("bundle carries a root certificate");
};

const readSigner = (fields: JsonObject, version: BundleVersion): Certificate | undefined => {
  const { certificate, x509CertificateChain: chain, publicKey } = fields;
  if ([certificate, chain, publicKey].filter(isSet).length !== 1)
    malformed("bundle needs exactly one signer");
  if (isSet(certificate)) return readRawCertificate(certificate);
  if (isSet(chain)) return version === "0.3" ? malformed("bundle v0.3 carries no chain") : readChain(chain);
  toClosedObject(publicKey, "publicKey", new Set(["hint"]));
  return undefined;
};

/** v0.1 rests on promises; later versions on proofs, in every entry. */
const checkProofs = (entries: readonly LogEntry[], version: BundleVersion): void => {
  const missing = entries.some(({ promise, proof }) => (version === "0.1" ? promise : proof) === undefined);
  if (missing)
    refuse("log-proof-missing", `bundle v${version} lacks a ${version === "0.1" ? "promise" : "proof"}`);
};

const readMessage = (value: Json): MessageSignature => {
  const fields = toClosedObject(value, "messageSignature", FIELDS.message);
  const digest = toClosedObject(fields.messageDigest, "messageDigest", new Set(["algorithm", "digest"]));
  return {
    algorithm: toText(digest.algorithm, "digest algorithm"),
    digest: toBytes(digest.digest, "message digest"),
    signature: toBytes(fields.signature, "signature"),
  };
};

const readContent = ({ dsseEnvelope, messageSignature }: JsonObject): Bundle["content"] => {
  if (isSet(dsseEnvelope) === isSet(messageSignature)) malformed("bundle needs exactly one content");
  return isSet(messageSignature)
    ? { kind: "message", message: readMessage(messageSignature) }
    : { kind: "envelope", envelope: parseEnvelope(dsseEnvelope) };
};

const readTimestamps = (value: Json | undefined): readonly Buffer[] => {
  if (!isSet(value)) return [];
  const list = toClosedObject(value, "timestamps", new Set(["rfc3161Timestamps"])).rfc3161Timestamps;
  return toList(list, "timestamps", MAX_TIMESTAMPS).map((item) =>
    toBytes(toClosedObject(item, "timestamp", new Set(["signedTimestamp"])).signedTimestamp, "timestamp"),
  );
};

/** Reads a Sigstore bundle v0.1 to v0.3: strict JSON, no unknown fields, canonical base64. Throws Refusal. */
export const parseBundle = (bytes: Uint8Array): Bundle => {
  const fields = toClosedObject(parseJson(bytes), "bundle", FIELDS.bundle);
  const mediaType = toText(fields.mediaType, "mediaType");
  const version = VERSIONS.get(mediaType) ?? refuse("bundle-version-unsupported", mediaType.slice(0, 100));
  const material = toClosedObject(fields.verificationMaterial, "verificationMaterial", FIELDS.material);
  const certificate = readSigner(material, version);
  const entries = toList(material.tlogEntries, "log entries", MAX_ENTRIES).map(readEntry);
  checkProofs(entries, version);
  const timestamps = readTimestamps(material.timestampVerificationData);
  return { version, certificate, entries, timestamps, content: readContent(fields) };
};
