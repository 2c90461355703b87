import { decodeBase64, decodeHex } from "../encoding/base64.ts";
import { type Json, type JsonObject, parseJson } from "../encoding/json.ts";
import { toArray, toObject, toText } from "../encoding/json-fields.ts";
import type { HashName } from "../encoding/oids.ts";
import { decodePem, labelOfPem } from "../encoding/pem.ts";
import { type LogEntry, type SignedMaterial, sha256 } from "../evidence/material.ts";
import { refuse, refuseAs } from "../refusal.ts";

/** Who signed, in the two encodings that log entries use. */
export interface Signer {
  readonly label: "CERTIFICATE" | "PUBLIC KEY";
  readonly der: Buffer;
}

const mismatch = (what: string): never => refuse("log-entry-mismatch", `entry has another ${what}`);

const HASH_NAMES: readonly string[] = ["sha256", "sha384", "sha512"] satisfies HashName[];
const isHashName = (name: string): name is HashName => HASH_NAMES.includes(name);

const checkSignature = (material: SignedMaterial, recorded: Buffer): void => {
  if (!recorded.equals(material.signature)) mismatch("signature");
};

/** The entry's own key or certificate must be the one that verifies: another's proves only that somebody else signed. */
const checkSigner = (signer: Signer, recorded: Json | undefined): void => {
  const pem = decodeBase64(toText(recorded, "entry key")).toString("latin1");
  if (labelOfPem(pem) !== signer.label || !decodePem(pem, signer.label).equals(signer.der))
    mismatch("signer");
};

const readHash = (value: Json | undefined): { algorithm: HashName; digest: Buffer } => {
  const hash = toObject(value, "hash");
  const algorithm = toText(hash.algorithm, "hash algorithm");
  if (!isHashName(algorithm)) return refuse("log-entry-unsupported", "entry uses an unknown hash");
  return { algorithm, digest: decodeHex(toText(hash.value, "hash value")) };
};

const checkSha256 = (value: Json | undefined, hashed: Buffer | undefined, what: string): void => {
  const { algorithm, digest } = readHash(value);
  if (algorithm !== "sha256" || hashed === undefined || !digest.equals(sha256(hashed))) mismatch(what);
};

const onlySignature = (value: Json | undefined): JsonObject => {
  const [only, extra] = toArray(value, "entry signatures");
  if (only === undefined || extra !== undefined) mismatch("number of signatures");
  return toObject(only, "entry signature");
};

type Compare = (spec: JsonObject, material: SignedMaterial, signer: Signer) => void;

/** `hashedrekord 0.0.1` and its predecessor `rekord 0.0.1`: a signature over a message. */
const compareMessage: Compare = (spec, material, signer) => {
  if (material.form !== "message")
    refuse("log-entry-unsupported", "entry is for a message, evidence is an envelope");
  const signature = toObject(spec.signature, "entry signature");
  checkSignature(material, decodeBase64(toText(signature.content, "entry signature")));
  checkSigner(signer, toObject(signature.publicKey, "entry key").content);
  const { algorithm, digest } = readHash(toObject(spec.data, "entry data").hash);
  if (material.signed.digest(algorithm)?.equals(digest) !== true) mismatch("payload");
};

const requireEnvelope = ({ form }: SignedMaterial): void => {
  if (form !== "envelope") refuse("log-entry-unsupported", "entry is for an envelope, evidence is a message");
};

const compareDsse: Compare = (spec, material, signer) => {
  requireEnvelope(material);
  const signature = onlySignature(spec.signatures);
  checkSignature(material, decodeBase64(toText(signature.signature, "entry signature")));
  checkSigner(signer, signature.verifier);
  checkSha256(spec.payloadHash, material.payload, "payload");
  const { storedEnvelope } = material;
  if (storedEnvelope !== undefined) checkSha256(spec.envelopeHash, storedEnvelope, "envelope");
};

const compareIntoto: Compare = (spec, material, signer) => {
  requireEnvelope(material);
  const content = toObject(spec.content, "entry content");
  const signature = onlySignature(toObject(content.envelope, "entry envelope").signatures);
  // This kind stores the envelope's base64 text, encoded once more.
  const recorded = decodeBase64(toText(signature.sig, "entry signature")).toString("latin1");
  checkSignature(material, decodeBase64(recorded));
  checkSigner(signer, signature.publicKey);
  checkSha256(content.payloadHash, material.payload, "payload");
  const { storedEnvelope } = material;
  if (storedEnvelope !== undefined) checkSha256(content.hash, storedEnvelope, "envelope");
};

/** `intoto 0.0.1` records only a hash of the whole stored envelope, so it fits legacy attestations alone. */
const compareStoredEnvelope: Compare = (spec, material, signer) => {
  requireEnvelope(material);
  checkSigner(signer, spec.publicKey);
  checkSha256(toObject(spec.content, "entry content").hash, material.storedEnvelope, "envelope");
};

const COMPARISONS: ReadonlyMap<string, Compare> = new Map([
  ["hashedrekord 0.0.1", compareMessage],
  ["rekord 0.0.1", compareMessage],
  ["dsse 0.0.1", compareDsse],
  ["intoto 0.0.2", compareIntoto],
  ["intoto 0.0.1", compareStoredEnvelope],
]);

const compareBody = (entry: LogEntry, material: SignedMaterial, signer: Signer): void => {
  const body = toObject(parseJson(entry.body), "entry body");
  const kind = toText(body.kind, "entry kind");
  const version = toText(body.apiVersion, "entry version");
  if (kind !== entry.kind || version !== entry.version) mismatch("kind than it says");
  const compare = COMPARISONS.get(`${kind} ${version}`);
  if (compare === undefined) refuse("log-entry-unsupported", "entry is of an unknown kind");
  compare(toObject(body.spec, "entry spec"), material, signer);
};

/** Checks that a Rekor v1 entry speaks about exactly this signature, signer and payload. */
export const compareEntry = (entry: LogEntry, material: SignedMaterial, signer: Signer): void =>
  refuseAs("log-entry-mismatch", () => compareBody(entry, material, signer));
