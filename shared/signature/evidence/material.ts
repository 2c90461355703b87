import { hash } from "node:crypto";
import type { Certificate } from "../certificate/certificate.ts";
import type { HashName } from "../encoding/oids.ts";

export interface InclusionProof {
  readonly logIndex: number;
  readonly treeSize: number;
  readonly rootHash: Buffer;
  readonly hashes: readonly Buffer[];
  /** The signed note, as text. */
  readonly checkpoint: string;
}

/** One transparency log entry, as the evidence carries it. */
export interface LogEntry {
  readonly logId: Buffer;
  readonly logIndex: number;
  readonly kind: string;
  readonly version: string;
  /** Seconds. Proves nothing unless `promise` verifies: no proof covers it. */
  readonly integratedTime: number | undefined;
  readonly promise: Buffer | undefined;
  readonly proof: InclusionProof | undefined;
  readonly body: Buffer;
}

/** What was signed. `digest` knows only what can be computed: all hashes of bytes, one of a bare digest. */
export interface Signed {
  readonly bytes: Buffer | undefined;
  digest(name: HashName): Buffer | undefined;
}

/** A signature with everything that speaks for it, in one shape for bundles, legacy signatures and attestations. */
export interface SignedMaterial {
  readonly form: "message" | "envelope";
  readonly signature: Buffer;
  /** What the signature covers: the payload itself, or the envelope's pre-authentication encoding. */
  readonly signed: Signed;
  /** The payload inside the envelope; for a message, the message, where it is at hand. */
  readonly payload: Buffer | undefined;
  /** The envelope as it is stored, where the evidence is one (legacy attestations). */
  readonly storedEnvelope: Buffer | undefined;
  /** What timestamps are made over: the signature, or for legacy attestations the stored envelope. */
  readonly timestamped: Buffer;
  readonly certificate: Certificate | undefined;
  readonly entries: readonly LogEntry[];
  readonly timestamps: readonly Buffer[];
}

export const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const [only, second] = parts;
  return hash("sha256", only === undefined || second !== undefined ? Buffer.concat(parts) : only, "buffer");
};

export const toSigned = (bytes: Buffer): Signed => ({
  bytes,
  digest: (name) => hash(name, bytes, "buffer"),
});

/** For messages of which only the sha256 is at hand. */
export const toSignedDigest = (digest: Buffer): Signed => ({
  bytes: undefined,
  digest: (name) => (name === "sha256" ? digest : undefined),
});
