import { isUtf8 } from "node:buffer";
import { refuse } from "../refusal.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

const MAX_DEPTH = 64;
/** A parsed value takes dozens of bytes, and two of text may announce one. Bills of materials are mostly text. */
const MAX_VALUES = 1_000_000;

const decodeText = (bytes: Uint8Array): string => {
  if (!isUtf8(bytes)) refuse("evidence-malformed", "not UTF-8");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
};

/** Position after the string that opens at `open`. Backslashes before the closing quote are counted, not skipped over. */
const endOfString = (text: string, open: number): number => {
  for (let close = text.indexOf('"', open + 1); close !== -1; close = text.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(close - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
  }
  return refuse("evidence-malformed", "unterminated string");
};

/** Counts the names in the text, and bounds nesting and the number of values before any parser sees it. */
const countNames = (text: string): number => {
  let names = 0;
  let values = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at) - 1;
    else if (code === 0x3a) names += 1;
    else if (code === 0x2c) values += 1;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      values += 1;
      if (depth > MAX_DEPTH) refuse("evidence-malformed", "JSON is nested too deeply");
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  if (values > MAX_VALUES) refuse("evidence-too-large", "JSON holds too many values");
  return names;
};

const countKeys = (value: Json): number => {
  if (value === null || typeof value !== "object") return 0;
  if (Array.isArray(value)) return value.reduce((total: number, item: Json) => total + countKeys(item), 0);
  const items = Object.values(value);
  return items.reduce<number>((total, item) => total + countKeys(item ?? null), items.length);
};

/**
 * Parses strict JSON: UTF-8 without a byte order mark, one value, bounded depth and size, and no name twice in one
 * object (two readers could each take another of the two). A repeated name is seen by counting: the parsed
 * value then has fewer keys than the text has names.
 */
export const parseJson = (input: Uint8Array | string): Json => {
  const text = typeof input === "string" ? input : decodeText(input);
  const names = countNames(text);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return refuse("evidence-malformed", "not JSON");
  }
  if (countKeys(value) !== names) refuse("evidence-malformed", "a name appears twice in one JSON object");
  return value;
};
