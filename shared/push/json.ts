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

/** Walks the bytes outside strings. In UTF-8 no byte of a longer character equals an ASCII one. */
const eachStructuralByte = (bytes: Uint8Array, visit: (byte: number, at: number) => void): void => {
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return;
    if (inString && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) inString = !inString;
    else if (!inString) visit(byte, at);
  }
};

// JSON.parse builds everything before anybody can say stop, so the text is measured first.
const checkShape = (source: string, field: string, bytes: Uint8Array): void => {
  let depth = 0;
  let values = 0;
  eachStructuralByte(bytes, (byte) => {
    depth += LEVELS[byte] ?? 0;
    values += VALUES[byte] ?? 0;
    if (depth > MAX_JSON_DEPTH) throw tooLarge(source, field, `${MAX_JSON_DEPTH} levels of nesting`);
    if (values > MAX_JSON_VALUES) throw tooLarge(source, field, `${MAX_JSON_VALUES} values`);
  });
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
  const isPadding = new Uint8Array(bytes.length);
  eachStructuralByte(bytes, (byte, at) => {
    if (WHITESPACE.has(byte)) isPadding[at] = 1;
  });
  return bytes.filter((_, at) => isPadding[at] === 0);
};
