import { createHash } from "node:crypto";
import type { Steps } from "../steps.ts";

const HEX_DIGITS = 40;
const PIECE_LENGTH = 65_536;

const canonicalise = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonicalise);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, canonicalise(entry)]),
  );
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** The JSON of a mapping of lists and mappings, in pieces: a list's entries one by one. */
function* toPieces(value: object): Generator<string> {
  let separator = "{";
  for (const [key, entry] of Object.entries(value)) {
    yield `${separator}${JSON.stringify(key)}:`;
    separator = ",";
    if (isList(entry) && entry.length > 0) {
      for (const [index, item] of entry.entries()) yield `${index === 0 ? "[" : ","}${JSON.stringify(item)}`;
      yield "]";
    } else yield JSON.stringify(entry);
  }
  yield separator === "{" ? "{}" : "}";
}

/** `hashText` of the value's JSON. No part of it may be `undefined`. */
export function* hashInSteps(value: object): Steps<string> {
  const hash = createHash("sha256");
  let text = "";
  for (const piece of toPieces(value)) {
    text += piece;
    if (text.length < PIECE_LENGTH) continue;
    hash.update(text);
    text = "";
    yield;
  }
  return hash.update(text).digest("hex").slice(0, HEX_DIGITS);
}

export const hashText = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, HEX_DIGITS);

/** A name for a value's content, the same whatever order its keys were written in. */
export const hashOf = (value: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(canonicalise(value)))
    .digest("hex")
    .slice(0, HEX_DIGITS);
