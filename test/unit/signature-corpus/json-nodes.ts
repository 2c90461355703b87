import type { Json, JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import { edit, type Path } from "./edit.ts";

/** Paths of all nodes below the root, parents first. */
export const nodesOf = (json: Json, path: Path = []): readonly Path[] => {
  if (json === null || typeof json !== "object") return path.length === 0 ? [] : [path];
  const below = Object.entries(json).flatMap(([key, value]) => nodesOf(value, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
};

const deep = (levels: number): Json => (levels === 0 ? "x" : [deep(levels - 1)]);

/** What nobody writes there, each likely to trip a reader that trusts its input. `undefined`: gone. */
export const HOSTILE: readonly (Json | undefined)[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  "",
  "AAAA",
  "\u0000",
  "9".repeat(400),
  "x".repeat(70_000),
  [],
  [[]],
  [null],
  {},
  { length: 1 },
  { toString: "x", valueOf: 1 },
  JSON.parse('{"__proto__":{"polluted":true}}') as JsonObject,
  deep(20),
];

export const describeHostile = (value: Json | undefined): string =>
  value === undefined ? "removed" : JSON.stringify(value).slice(0, 40);

/** The document with one node replaced. */
export const replaceNode = (json: JsonObject, path: Path, value: Json | undefined): JsonObject =>
  edit(json, path, () => value);
