import { concat } from "./der.ts";
import { hashOf } from "./keys.ts";

/** RFC 6962 §2.1. */
export const leafHash = (leaf: Uint8Array): Uint8Array => hashOf(concat(Uint8Array.of(0), leaf));
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  hashOf(concat(Uint8Array.of(1), left, right));

export interface MerkleTree {
  size(): number;
  /** Returns the leaf's index. */
  append(hash: Uint8Array): number;
  root(): Uint8Array;
  /** Sibling hashes from the leaf up, for the tree as it is now. */
  inclusionProof(index: number): readonly Uint8Array[];
}

const largestPowerBelow = (size: number): number => {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
};

/** Keeps the hash of every complete subtree, so that root and proofs cost O(log n) at any size. */
export const createMerkleTree = (): MerkleTree => {
  const levels: Uint8Array[][] = [[]];
  const at = (level: number, index: number): Uint8Array => {
    const hash = levels[level]?.[index];
    if (hash === undefined) throw new RangeError(`no node ${index} on level ${level}`);
    return hash;
  };

  /** Root of the leaves [start, start + size); complete subtrees come from the cache. */
  const rangeRoot = (start: number, size: number): Uint8Array => {
    const level = Math.log2(size);
    if (Number.isInteger(level)) return at(level, start / size);
    const left = largestPowerBelow(size);
    return nodeHash(rangeRoot(start, left), rangeRoot(start + left, size - left));
  };

  const path = (index: number, start: number, size: number): readonly Uint8Array[] => {
    if (size === 1) return [];
    const left = largestPowerBelow(size);
    return index < left
      ? [...path(index, start, left), rangeRoot(start + left, size - left)]
      : [...path(index - left, start + left, size - left), rangeRoot(start, left)];
  };

  const size = (): number => levels[0]?.length ?? 0;
  const push = (level: number, hash: Uint8Array): void => {
    const nodes = levels[level] ?? [];
    levels[level] = nodes;
    nodes.push(hash);
    if (nodes.length % 2 === 0) push(level + 1, nodeHash(at(level, nodes.length - 2), hash));
  };

  return {
    size,
    append: (hash) => {
      push(0, hash);
      return size() - 1;
    },
    root: () => (size() === 0 ? hashOf("") : rangeRoot(0, size())),
    inclusionProof: (index) => path(index, 0, size()),
  };
};
