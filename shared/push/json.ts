import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from "./limits.ts";
import { malformed, tooLarge } from "./malformed.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WHITESPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** By byte: how many levels deeper it leads. Tables, since every byte of every body is looked up. */
const LEVELS = new Int8Array(256);
for (const opening of "[{") LEVELS[opening.charCodeAt(0)] = 1;
for (const closing of "]}") LEVELS[closing.charCodeAt(0)] = -1;
/** By byte: how many values it announces. */
const VALUES = new Uint8Array(256);
for (const announcing of "[{,") VALUES[announcing.charCodeAt(0)] = 1;

/** Keeps no state between whole texts, not even after a bad one. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Where the string that begins at `from` ends. In UTF-8 no byte of a longer character equals an ASCII one. */
const endOfString = (bytes: Uint8Array, from: number): number => {
  for (let at = from + 1; ; at += 1) {
    at = bytes.indexOf(QUOTE, at);
    if (at === -1) return bytes.length;
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
};

// JSON.parse builds everything before anybody can say stop, so the text is measured first.
const checkShape = (source: string, field: string, bytes: Uint8Array): void => {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      continue;
    }
    const level = LEVELS[byte] ?? 0;
    depth += level;
    values += VALUES[byte] ?? 0;
    if (level === 1 && depth > MAX_JSON_DEPTH)
      throw tooLarge(source, field, `${MAX_JSON_DEPTH} levels of nesting`);
    if (values > MAX_JSON_VALUES) throw tooLarge(source, field, `${MAX_JSON_VALUES} values`);
  }
};

/** Parses JSON whose size, nesting and number of values are bounded before anything is built. */
export const parseBoundedJson = (
  source: string,
  bytes: Uint8Array,
  maxBytes: number,
  field = "body",
): unknown => {
  if (bytes.length > maxBytes) throw tooLarge(source, field, `${maxBytes} bytes`);
  checkShape(source, field, bytes);
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch (cause) {
    throw malformed(source, field, "is not JSON in UTF-8", cause);
  }
};

/** The same JSON without the whitespace between its tokens; strings keep theirs. */
export const withoutJsonWhitespace = (bytes: Uint8Array): Uint8Array => {
  const kept = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (WHITESPACE.has(byte)) continue;
    const end = byte === QUOTE ? endOfString(bytes, at) + 1 : at + 1;
    const piece = bytes.subarray(at, end);
    kept.set(piece, length);
    length += piece.length;
    at = end - 1;
  }
  return kept.subarray(0, length);
};
