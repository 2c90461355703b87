import { decodeBase64 } from "../encoding/base64.ts";
import { sha256 } from "../evidence/material.ts";
import { verifySignature } from "../key/keys.ts";
import { refuse, refuseAs } from "../refusal.ts";
import type { TransparencyLog } from "../trust/trusted-root.ts";

/** A log's signed tree head, as a signed note (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly treeSize: number;
  readonly rootHash: Buffer;
  /** The bytes that signatures cover. */
  readonly note: Buffer;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  readonly keyHint: Buffer;
  readonly signature: Buffer;
}

const MAX_LENGTH = 32 * 1024;
const MAX_SIGNATURES = 64;
const HASH_BYTES = 32;
const SIGNATURE_LINE = /^\u2014 (\S+) (\S+)$/;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

const malformed = (detail: string): never => refuse("evidence-malformed", detail);

const parseSignature = (line: string): NoteSignature => {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? malformed("not a signature line");
  const bytes = decodeBase64(encoded ?? "");
  if (name === undefined || bytes.length < 5) return malformed("signature line is too short");
  return { name, keyHint: bytes.subarray(0, 4), signature: bytes.subarray(4) };
};

const parse = (envelope: string): Checkpoint => {
  if (envelope.length > MAX_LENGTH) malformed("checkpoint is too long");
  const split = envelope.indexOf("\n\n");
  if (split === -1 || !envelope.endsWith("\n")) malformed("checkpoint has no signatures");
  const text = envelope.slice(0, split + 1);
  const lines = envelope.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) malformed("checkpoint has too many signatures");
  const [origin, size, root] = text.split("\n");
  if (origin === undefined || origin === "") return malformed("checkpoint has no origin");
  if (size === undefined || !SIZE.test(size) || !Number.isSafeInteger(Number(size)))
    return malformed("no tree size");
  const rootHash = decodeBase64(root ?? "");
  if (rootHash.length !== HASH_BYTES) malformed("root hash is not 32 bytes");
  const signatures = lines.map(parseSignature);
  return { origin, treeSize: Number(size), rootHash, note: Buffer.from(text), signatures };
};

export const parseCheckpoint = (envelope: string): Checkpoint =>
  refuseAs("checkpoint-malformed", () => parse(envelope));

const ED25519_KEY_BYTES = 32;

/** How notes name the key: for Ed25519 by name and key (signed-note), otherwise by the hash of the key info. */
const keyHintOf = ({ key, publicKeyInfo }: TransparencyLog, name: string): Buffer => {
  const hash =
    key.family === "ed25519"
      ? sha256(Buffer.from(`${name}\n\u0001`), publicKeyInfo.subarray(-ED25519_KEY_BYTES))
      : sha256(publicKeyInfo);
  return hash.subarray(0, 4);
};

const TREE_ID = /^(\S+) - (?:0|[1-9][0-9]{0,24})$/;

/**
 * The log's own name out of the origin, compared as text: Rekor v1 writes `<host> - <tree id>`, v2 the host.
 * A checkpoint of another log, however well signed, says nothing about this one.
 */
const nameIn = (origin: string, version: 1 | 2): string | undefined =>
  version === 2 ? origin : TREE_ID.exec(origin)?.[1];

/** Checks that the checkpoint is `log`'s own and signed by its key. Other signatures (witnesses) are not looked at. */
export const verifyCheckpoint = async (
  checkpoint: Checkpoint,
  log: TransparencyLog,
  version: 1 | 2,
): Promise<void> => {
  const name = nameIn(checkpoint.origin, version);
  if (name === undefined || !log.hosts.includes(name)) {
    return refuse("checkpoint-origin-mismatch", `checkpoint of ${checkpoint.origin.slice(0, 100)}`);
  }
  const hint = keyHintOf(log, name);
  const own = checkpoint.signatures.find((line) => line.name === name && line.keyHint.equals(hint));
  if (own === undefined) return refuse("checkpoint-signature-invalid", "no signature by the log");
  if (!(await verifySignature(log.key, "sha256", checkpoint.note, own.signature))) {
    refuse("checkpoint-signature-invalid", "the log's signature does not verify");
  }
};
