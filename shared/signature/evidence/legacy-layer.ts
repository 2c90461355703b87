import { type Certificate, parseCertificate } from "../certificate/certificate.ts";
import { decodeBase64, decodeHex } from "../encoding/base64.ts";
import { parseJson } from "../encoding/json.ts";
import { toBytes, toClosedObject, toCount, toObject, toText } from "../encoding/json-fields.ts";
import { decodePem } from "../encoding/pem.ts";
import { refuse } from "../refusal.ts";
import type { LogEntry } from "./material.ts";

/** What cosign keeps in the annotations of a layer, read strictly. Nothing in it is trusted yet. */
export interface LegacyLayer {
  /** Undefined for attestations, whose envelope carries it. */
  readonly signature: Buffer | undefined;
  readonly certificate: Certificate | undefined;
  /** As it stands: nothing here is trusted for being in it. */
  readonly chain: string | undefined;
  readonly entries: readonly LogEntry[];
  readonly timestamps: readonly Buffer[];
}

type Annotations = Readonly<Record<string, string>>;

const ANNOTATION = {
  signature: "dev.cosignproject.cosign/signature",
  certificate: "dev.sigstore.cosign/certificate",
  chain: "dev.sigstore.cosign/chain",
  bundle: "dev.sigstore.cosign/bundle",
  timestamp: "dev.sigstore.cosign/rfc3161timestamp",
} as const;

const MAX_CHARACTERS = 512 * 1024;

const read = (annotations: Annotations, name: keyof typeof ANNOTATION): string | undefined => {
  const value = Object.hasOwn(annotations, ANNOTATION[name]) ? annotations[ANNOTATION[name]] : undefined;
  if (value !== undefined && value.length > MAX_CHARACTERS)
    return refuse("limit-exceeded", `${name} is too long`);
  return value === "" ? undefined : value;
};

/** The offline proof of this format: the entry and the log's signed promise. It holds no inclusion proof. */
const readLogBundle = (text: string): LogEntry => {
  const bundle = toClosedObject(parseJson(text), "log bundle", new Set(["SignedEntryTimestamp", "Payload"]));
  const payload = toClosedObject(
    bundle.Payload,
    "log payload",
    new Set(["body", "integratedTime", "logIndex", "logID"]),
  );
  const body = toBytes(payload.body, "log body");
  const entry = toObject(parseJson(body), "log entry");
  return {
    logId: decodeHex(toText(payload.logID, "logID")),
    logIndex: toCount(payload.logIndex, "logIndex"),
    kind: toText(entry.kind, "entry kind"),
    version: toText(entry.apiVersion, "entry version"),
    integratedTime: toCount(payload.integratedTime, "integratedTime"),
    promise: toBytes(bundle.SignedEntryTimestamp, "SET"),
    proof: undefined,
    body,
  };
};

const readTimestamp = (text: string): Buffer =>
  toBytes(
    toClosedObject(parseJson(text), "timestamp", new Set(["SignedRFC3161Timestamp"])).SignedRFC3161Timestamp,
    "timestamp",
  );

/** Reads a layer's annotations. The `chain` annotation is not parsed: authorities come from the trusted root. */
export const parseLegacyLayer = (annotations: Annotations): LegacyLayer => {
  const signature = read(annotations, "signature");
  const certificate = read(annotations, "certificate");
  const bundle = read(annotations, "bundle");
  const timestamp = read(annotations, "timestamp");
  return {
    signature: signature === undefined ? undefined : decodeBase64(signature),
    certificate:
      certificate === undefined ? undefined : parseCertificate(decodePem(certificate, "CERTIFICATE")),
    chain: read(annotations, "chain"),
    entries: bundle === undefined ? [] : [readLogBundle(bundle)],
    timestamps: timestamp === undefined ? [] : [readTimestamp(timestamp)],
  };
};
