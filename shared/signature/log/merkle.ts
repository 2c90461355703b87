import { type InclusionProof, sha256 } from "../evidence/material.ts";

const LEAF = Buffer.from([0x00]);
const NODE = Buffer.from([0x01]);

/**
 * RFC 9162 2.1.3.2: whether `proof` leads from the entry to `rootHash` in a tree of `treeSize` leaves. The
 * caller takes root and size from the signed checkpoint, never from the proof itself.
 */
export const provesInclusion = (
  body: Buffer,
  { logIndex, hashes }: InclusionProof,
  { treeSize, rootHash }: { treeSize: number; rootHash: Buffer },
): boolean => {
  if (logIndex >= treeSize) return false;
  let index = logIndex;
  let last = treeSize - 1;
  let node = sha256(LEAF, body);
  for (const sibling of hashes) {
    if (last === 0) return false;
    if (index % 2 === 1 || index === last) {
      node = sha256(NODE, sibling, node);
      while (index % 2 === 0 && index !== 0) {
        index /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = sha256(NODE, node, sibling);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && node.equals(rootHash);
};
