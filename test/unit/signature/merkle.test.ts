import { describe, expect, test } from "vitest";
import { sha256 } from "../../../shared/signature/evidence/material.ts";
import { provesInclusion } from "../../../shared/signature/log/merkle.ts";

/** RFC 9162 2.1.1 and 2.1.3.1, written as the recursive definitions read. */
const leafHash = (leaf: Buffer): Buffer => sha256(Buffer.from([0]), leaf);
const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.from([1]), left, right);
const split = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

const rootOf = (leaves: readonly Buffer[]): Buffer => {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return leafHash(only);
  const k = split(leaves.length);
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
};

const pathTo = (index: number, leaves: readonly Buffer[]): readonly Buffer[] => {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...pathTo(index, leaves.slice(0, k)), rootOf(leaves.slice(k))]
    : [...pathTo(index - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
};

const toProof = (logIndex: number, hashes: readonly Buffer[]) => ({
  logIndex,
  hashes,
  treeSize: 0,
  rootHash: Buffer.alloc(32),
  checkpoint: "",
});

describe("inclusion", () => {
  const leaves = Array.from({ length: 19 }, (_, index) => Buffer.from(`leaf ${index}`));

  test("every leaf of every tree up to 19 leaves is proved, by its own path only", () => {
    for (let treeSize = 1; treeSize <= leaves.length; treeSize += 1) {
      const tree = leaves.slice(0, treeSize);
      const rootHash = rootOf(tree);
      tree.forEach((leaf, index) => {
        const path = pathTo(index, tree);
        const proves = (body: Buffer, at: number, hashes: readonly Buffer[], size = treeSize): boolean =>
          provesInclusion(body, toProof(at, hashes), { treeSize: size, rootHash });
        expect(proves(leaf, index, path)).toBe(true);
        expect(proves(Buffer.from("other"), index, path)).toBe(false);
        expect(proves(leaf, index, [...path, Buffer.alloc(32)])).toBe(false);
        expect(proves(leaf, treeSize, path)).toBe(false);
        if (path.length > 0) expect(proves(leaf, index, path.slice(1))).toBe(false);
        if (path.length > 0) expect(proves(leaf, index, path.slice(0, -1))).toBe(false);
        for (let other = 0; other < treeSize; other += 1) {
          if (other !== index) expect(proves(leaf, other, path)).toBe(false);
        }
      });
    }
  });

  test("an inner node does not pass for a leaf", () => {
    const tree = leaves.slice(0, 4);
    const [a, b] = tree;
    if (a === undefined || b === undefined) throw new Error("no leaves");
    const node = Buffer.concat([leafHash(a), leafHash(b)]);
    const rootHash = rootOf(tree);
    expect(provesInclusion(node, toProof(0, [rootOf(tree.slice(2))]), { treeSize: 2, rootHash })).toBe(false);
  });

  test("an empty tree holds nothing", () => {
    expect(
      provesInclusion(Buffer.alloc(1), toProof(0, []), { treeSize: 0, rootHash: Buffer.alloc(32) }),
    ).toBe(false);
  });
});
