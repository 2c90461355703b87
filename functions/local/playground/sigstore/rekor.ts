import { type NoteSigner, signCheckpoint, toNoteKeyId, toNoteSigner } from "./checkpoint.ts";
import { createKeyPair, hashOf, type KeyPair } from "./keys.ts";
import {
  type EntryBody,
  type InclusionProof,
  type LogEntry,
  toBodyBytes,
  toSetPayload,
} from "./log-entry.ts";
import { createMerkleTree, leafHash, type MerkleTree } from "./merkle.ts";

/** A transparency log in memory. Its tree is real and can be filled to any size before entries are logged. */
export interface TransparencyLog {
  readonly host: string;
  readonly key: KeyPair;
  readonly logId: Uint8Array;
  readonly origin: string;
  readonly noteSigner: NoteSigner;
  readonly tree: MerkleTree;
  /** Logs the entry and answers with proofs for the tree as it is afterwards. */
  append(body: EntryBody, atMs: number): LogEntry;
}

export interface LogOptions {
  readonly host?: string;
  readonly key?: KeyPair;
  /** Number of foreign leaves in the tree before the first entry. */
  readonly priorEntries?: number;
  readonly random: (bytes: number) => Uint8Array;
}

const createFilledTree = ({ priorEntries = 5, random }: LogOptions): MerkleTree => {
  const tree = createMerkleTree();
  for (let index = 0; index < priorEntries; index++) tree.append(random(32));
  return tree;
};

const proveInclusion = (
  tree: MerkleTree,
  index: number,
  origin: string,
  signer: NoteSigner,
): InclusionProof => {
  const treeSize = tree.size();
  const rootHash = tree.root();
  return {
    logIndex: index,
    rootHash,
    treeSize,
    hashes: tree.inclusionProof(index),
    checkpoint: signCheckpoint({ origin, treeSize, rootHash }, signer),
  };
};

/** Rekor v1 is sharded: an entry's global index counts the entries of earlier trees too, its proof does not. */
export const createRekorV1 = (
  options: LogOptions & { readonly treeId?: string; readonly earlierShards?: number },
): TransparencyLog => {
  const { host = "rekor.local", key = createKeyPair("p256"), treeId = "1193050959916656506" } = options;
  const { earlierShards = 4_163_431 } = options;
  const tree = createFilledTree(options);
  const logId = hashOf(key.spki);
  const origin = `${host} - ${treeId}`;
  const noteSigner = toNoteSigner(host, key);
  return {
    host,
    key,
    logId,
    origin,
    noteSigner,
    tree,
    append: (entryBody, atMs) => {
      const body = toBodyBytes(entryBody);
      const index = tree.append(leafHash(body));
      const set = { body, integratedTime: Math.floor(atMs / 1000), logIndex: index + earlierShards, logId };
      return {
        ...set,
        kind: entryBody.kind,
        version: entryBody.apiVersion,
        signedEntryTimestamp: key.sign(toSetPayload(set)),
        inclusionProof: proveInclusion(tree, index, origin, noteSigner),
      };
    },
  };
};

/** Rekor v2: tile log, Ed25519 checkpoints, no promise and no time of its own. */
export const createRekorV2 = (options: LogOptions): TransparencyLog => {
  const { host = "log2026-1.rekor.local", key = createKeyPair("ed25519") } = options;
  const tree = createFilledTree(options);
  const logId = toNoteKeyId(host, key);
  const noteSigner = toNoteSigner(host, key);
  return {
    host,
    key,
    logId,
    origin: host,
    noteSigner,
    tree,
    append: (entryBody) => {
      const body = toBodyBytes(entryBody);
      const index = tree.append(leafHash(body));
      return {
        body,
        logId,
        logIndex: index,
        kind: entryBody.kind,
        version: entryBody.apiVersion,
        inclusionProof: proveInclusion(tree, index, host, noteSigner),
      };
    },
  };
};
