import { createHash } from "node:crypto";
import { PipelineError } from "../../errors.ts";
import {
  type CertificateAuthority,
  parseCertificateAuthority,
} from "../certificate/certificate-authority.ts";
import { type Json, parseJson } from "../encoding/json.ts";
import { isSet, toArray, toBytes, toClosedObject, toText } from "../encoding/json-fields.ts";
import { parseTimeRange, type TimeRange } from "../encoding/time-range.ts";
import { importKey, type PublicKey } from "../key/keys.ts";
import { refuse } from "../refusal.ts";

/** A transparency log (Rekor) or certificate transparency log. */
export interface TransparencyLog {
  readonly id: Buffer;
  readonly key: PublicKey;
  readonly publicKeyInfo: Buffer;
  /** Host of the base URL, with and without the port: the name checkpoints carry. */
  readonly hosts: readonly string[];
  readonly validFor: TimeRange;
}

/** Everything a verification trusts, parsed and checked once. Immutable. */
export interface TrustedRoot {
  /** sha256 of the file: part of every cache key. */
  readonly id: string;
  /** By the log's id in hex. */
  readonly logs: ReadonlyMap<string, TransparencyLog>;
  readonly certificateLogs: ReadonlyMap<string, TransparencyLog>;
  readonly certificateAuthorities: readonly CertificateAuthority[];
  readonly timestampAuthorities: readonly CertificateAuthority[];
}

const MAX_BYTES = 1024 * 1024;
const MAX_INSTANCES = 64;
const MEDIA_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  "application/vnd.dev.sigstore.trustedroot.v0.1+json",
  "application/vnd.dev.sigstore.trustedroot.v0.2+json",
]);

const ROOT_FIELDS = new Set([
  "mediaType",
  "tlogs",
  "certificateAuthorities",
  "ctlogs",
  "timestampAuthorities",
]);
const LOG_FIELDS = new Set(["baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"]);
const KEY_FIELDS = new Set(["rawBytes", "keyDetails", "validFor"]);

type KeyKind = PublicKey["kind"];
/** What each `keyDetails` promises about the key; a key of another kind is a swapped key. */
const KEY_DETAILS: ReadonlyMap<string, KeyKind> = new Map<string, KeyKind>([
  ["PKIX_ECDSA_P256_SHA_256", "p256"],
  ["PKIX_ECDSA_P384_SHA_384", "p384"],
  ["PKIX_ECDSA_P521_SHA_512", "p521"],
  ["PKIX_ED25519", "ed25519"],
  ["PKIX_RSA_PKCS1V15_2048_SHA256", "rsa"],
  ["PKIX_RSA_PKCS1V15_3072_SHA256", "rsa"],
  ["PKIX_RSA_PKCS1V15_4096_SHA256", "rsa"],
  ["PKCS1_RSA_PKCS1V5", "rsa"],
]);

const parseLogKey = (value: Json | undefined): { key: PublicKey; bytes: Buffer; validFor: TimeRange } => {
  const fields = toClosedObject(value, "publicKey", KEY_FIELDS);
  const details = toText(fields.keyDetails, "keyDetails");
  const bytes = toBytes(fields.rawBytes, "rawBytes");
  const key = importKey(bytes, details === "PKCS1_RSA_PKCS1V5" ? "pkcs1" : "spki");
  if (key === undefined || KEY_DETAILS.get(details) !== key.kind) {
    return refuse("evidence-malformed", `log key is not ${details}`);
  }
  return { key, bytes, validFor: parseTimeRange(fields.validFor, "log key") };
};

const toHosts = (baseUrl: string): readonly string[] => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : refuse("evidence-malformed", "log has no base URL");
  return url.host === url.hostname ? [url.hostname] : [url.hostname, url.host];
};

const parseLog = (value: Json): TransparencyLog => {
  const fields = toClosedObject(value, "log", LOG_FIELDS);
  if (fields.hashAlgorithm !== "SHA2_256") refuse("evidence-malformed", "log hash is not SHA2_256");
  const logId = toClosedObject(fields.logId, "logId", new Set(["keyId"]));
  const { key, bytes, validFor } = parseLogKey(fields.publicKey);
  return {
    id: toBytes(logId.keyId, "keyId"),
    key,
    publicKeyInfo: bytes,
    hosts: toHosts(toText(fields.baseUrl, "baseUrl")),
    validFor,
  };
};

const parseList = <T>(value: Json | undefined, name: string, parse: (item: Json) => T): readonly T[] => {
  const items = isSet(value) ? toArray(value, name) : [];
  if (items.length > MAX_INSTANCES) refuse("evidence-malformed", `too many ${name}`);
  return items.map(parse);
};

const toLogs = (logs: readonly TransparencyLog[]): ReadonlyMap<string, TransparencyLog> => {
  const byId = new Map(logs.map((log) => [log.id.toString("hex"), log]));
  if (byId.size !== logs.length) refuse("evidence-malformed", "two logs share one id");
  return byId;
};

const parse = (bytes: Uint8Array): TrustedRoot => {
  if (bytes.length > MAX_BYTES) refuse("evidence-malformed", "file is too large");
  const root = toClosedObject(parseJson(bytes), "trusted root", ROOT_FIELDS);
  const mediaType = toText(root.mediaType, "mediaType");
  if (!MEDIA_TYPES.has(mediaType))
    refuse("evidence-malformed", `unknown media type ${mediaType.slice(0, 80)}`);
  return {
    id: createHash("sha256").update(bytes).digest("hex"),
    logs: toLogs(parseList(root.tlogs, "tlogs", parseLog)),
    certificateLogs: toLogs(parseList(root.ctlogs, "ctlogs", parseLog)),
    certificateAuthorities: parseList(root.certificateAuthorities, "certificateAuthorities", (item) =>
      parseCertificateAuthority(item, "codeSigning"),
    ),
    timestampAuthorities: parseList(root.timestampAuthorities, "timestampAuthorities", (item) =>
      parseCertificateAuthority(item, "timeStamping"),
    ),
  };
};

/**
 * Reads a `trusted_root.json` and checks it whole: every validity has a start, every key is what its details
 * say, every authority's certificates sign one another. Throws TRUST_ROOT_INVALID; nothing is trusted by halves.
 */
export const parseTrustedRoot = (bytes: Uint8Array): TrustedRoot => {
  try {
    return parse(bytes);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "unreadable";
    throw new PipelineError(`trusted root: ${detail}`, { code: "TRUST_ROOT_INVALID", cause });
  }
};
