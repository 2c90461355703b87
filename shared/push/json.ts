import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from "./limits.ts";
import { malformed, tooLarge } from "./malformed.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);
const WHITESPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

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
    if (OPENING.has(byte)) {
      depth += 1;
      values += 1;
      if (depth > MAX_JSON_DEPTH) throw tooLarge(source, field, `${MAX_JSON_DEPTH} levels of nesting`);
    } else if (CLOSING.has(byte)) depth -= 1;
    else if (byte === COMMA) values += 1;
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
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
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
