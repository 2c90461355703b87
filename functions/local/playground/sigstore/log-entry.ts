import { type Json, type JsonObject, toCanonicalJson } from "./json.ts";
import { toBase64 } from "./keys.ts";

export interface InclusionProof {
  readonly logIndex: number;
  readonly rootHash: Uint8Array;
  readonly treeSize: number;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string;
}

/** An entry as a transparency log hands it out. Rekor v2 knows neither `integratedTime` nor a promise. */
export interface LogEntry {
  readonly logIndex: number;
  readonly logId: Uint8Array;
  readonly kind: string;
  readonly version: string;
  readonly integratedTime?: number;
  readonly signedEntryTimestamp?: Uint8Array;
  readonly inclusionProof?: InclusionProof;
  readonly body: Uint8Array;
}

export interface SetFields {
  readonly body: Uint8Array;
  readonly integratedTime: number;
  readonly logIndex: number;
  readonly logId: Uint8Array;
}

/** The bytes a SignedEntryTimestamp covers. */
export const toSetPayload = ({ body, integratedTime, logIndex, logId }: SetFields): Uint8Array =>
  toCanonicalJson({
    body: toBase64(body),
    integratedTime,
    logIndex,
    logID: Buffer.from(logId).toString("hex"),
  });

const toProofJson = (proof: InclusionProof): JsonObject => ({
  logIndex: `${proof.logIndex}`,
  rootHash: toBase64(proof.rootHash),
  treeSize: `${proof.treeSize}`,
  hashes: proof.hashes.map(toBase64),
  checkpoint: { envelope: proof.checkpoint },
});

/** As in a bundle's `tlogEntries` (protobuf JSON: 64-bit numbers are strings). */
export const toBundleEntry = (entry: LogEntry): JsonObject => ({
  logIndex: `${entry.logIndex}`,
  logId: { keyId: toBase64(entry.logId) },
  kindVersion: { kind: entry.kind, version: entry.version },
  ...(entry.integratedTime === undefined ? {} : { integratedTime: `${entry.integratedTime}` }),
  ...(entry.signedEntryTimestamp === undefined
    ? {}
    : { inclusionPromise: { signedEntryTimestamp: toBase64(entry.signedEntryTimestamp) } }),
  ...(entry.inclusionProof === undefined ? {} : { inclusionProof: toProofJson(entry.inclusionProof) }),
  canonicalizedBody: toBase64(entry.body),
});

/** As in the annotation `dev.sigstore.cosign/bundle` of a legacy signature layer. */
export const toLegacyBundle = (entry: LogEntry): JsonObject => ({
  SignedEntryTimestamp: toBase64(entry.signedEntryTimestamp ?? new Uint8Array()),
  Payload: {
    body: toBase64(entry.body),
    integratedTime: entry.integratedTime ?? 0,
    logIndex: entry.logIndex,
    logID: Buffer.from(entry.logId).toString("hex"),
  },
});

/** The proposed entry; `kind` and `apiVersion` are part of the bytes and repeated beside them in bundles. */
export interface EntryBody {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: Json;
}

export const toBodyBytes = (body: EntryBody): Uint8Array => toCanonicalJson({ ...body });
