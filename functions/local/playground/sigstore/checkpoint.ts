import { concat } from "./der.ts";
import { hashOf, type KeyPair, toBase64 } from "./keys.ts";

export interface CheckpointFields {
  readonly origin: string;
  readonly treeSize: number | bigint;
  readonly rootHash: Uint8Array;
  /** Lines after the root hash. */
  readonly otherLines?: readonly string[];
}

export interface NoteSigner {
  readonly name: string;
  readonly key: KeyPair;
  readonly keyHint: Uint8Array;
}

/** The full note key ID of an Ed25519 log; its first four bytes are the key hint (c2sp.org/signed-note). */
export const toNoteKeyId = (name: string, key: KeyPair): Uint8Array =>
  hashOf(concat(Buffer.from(`${name}\n`, "utf8"), Uint8Array.of(1), key.spki.subarray(-32)));

/** Ed25519 hints as signed notes define them; ECDSA logs hint with the hash of their SPKI. */
export const toNoteSigner = (name: string, key: KeyPair): NoteSigner => ({
  name,
  key,
  keyHint: (key.kind === "ed25519" ? toNoteKeyId(name, key) : hashOf(key.spki)).subarray(0, 4),
});

export const toCheckpointText = ({ origin, treeSize, rootHash, otherLines = [] }: CheckpointFields): string =>
  `${[origin, `${treeSize}`, toBase64(rootHash), ...otherLines].join("\n")}\n`;

const signatureLine = (text: string, { name, key, keyHint }: NoteSigner): string =>
  `\u2014 ${name} ${toBase64(concat(keyHint, key.sign(Buffer.from(text, "utf8"))))}\n`;

/** A signed note: text, empty line, one signature line per signer. */
export const signNote = (text: string, ...signers: readonly NoteSigner[]): string =>
  `${text}\n${signers.map((signer) => signatureLine(text, signer)).join("")}`;

export const signCheckpoint = (fields: CheckpointFields, ...signers: readonly NoteSigner[]): string =>
  signNote(toCheckpointText(fields), ...signers);
