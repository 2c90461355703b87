import { createHash } from "node:crypto";

const HEX_DIGITS = 40;

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

export const hashText = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, HEX_DIGITS);

/** A name for a value's content, the same whatever order its keys were written in. */
export const hashOf = (value: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(canonicalise(value)))
    .digest("hex")
    .slice(0, HEX_DIGITS);
