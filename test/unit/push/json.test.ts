import { describe, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { parseBoundedJson, withoutJsonWhitespace } from "../../../shared/push/json.ts";
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from "../../../shared/push/limits.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof PipelineError ? `${error.code}: ${error.message}` : `not typed: ${String(error)}`;
  }
};
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("bounded JSON", () => {
  test.each([
    { shows: "cut off", text: '{"a":', error: "PUSH_MALFORMED: x: body is not JSON in UTF-8" },
    { shows: "empty", text: "", error: "PUSH_MALFORMED: x: body is not JSON in UTF-8" },
    {
      shows: "too deep",
      text: nested(MAX_JSON_DEPTH + 1),
      error: "PUSH_TOO_LARGE: x: body exceeds 32 levels of nesting",
    },
    {
      shows: "deep without an end, as a parser bomb would be",
      text: "[".repeat(100_000),
      error: "PUSH_TOO_LARGE: x: body exceeds 32 levels of nesting",
    },
    {
      shows: "too many values",
      text: `[${"0,".repeat(MAX_JSON_VALUES)}0]`,
      error: "PUSH_TOO_LARGE: x: body exceeds 250000 values",
    },
  ])("$shows is refused", ({ text, error }) => {
    expect(codeOf(() => parseBoundedJson("x", bytes(text), 1_000_000))).toBe(error);
  });

  test("one byte too many is refused before anything is read", () => {
    expect(codeOf(() => parseBoundedJson("x", bytes('"abc"'), 4))).toBe(
      "PUSH_TOO_LARGE: x: body exceeds 4 bytes",
    );
  });

  test("bytes that are no UTF-8 are refused, not repaired", () => {
    const broken = Uint8Array.of(0x22, 0xff, 0x22);
    expect(codeOf(() => parseBoundedJson("x", broken, 10))).toBe(
      "PUSH_MALFORMED: x: body is not JSON in UTF-8",
    );
  });

  test("a bad body leaves nothing behind for the next one", () => {
    // The first byte of a character of three, and nothing else.
    const cut = Uint8Array.of(0x22, 0xe2);
    expect(codeOf(() => parseBoundedJson("x", cut, 10))).toMatch(/^PUSH_MALFORMED/);
    expect(parseBoundedJson("x", bytes('"\ufeffü€"'), 20)).toBe("\ufeffü€");
    expect(parseBoundedJson("x", bytes("\ufeff[1]"), 20)).toEqual([1]);
    expect(parseBoundedJson("x", bytes("\ufeff[1]"), 20)).toEqual([1]);
  });

  test("brackets in strings are no nesting", () => {
    const text = JSON.stringify({ a: '[[[["{{'.repeat(100), b: 'quote \\" [' });
    expect(parseBoundedJson("x", bytes(text), 10_000)).toEqual(JSON.parse(text));
  });

  test("the deepest allowed nesting is read", () => {
    expect(parseBoundedJson("x", bytes(nested(MAX_JSON_DEPTH)), 1_000)).toBeDefined();
  });
});

test.each([
  { text: '{ "a b" : [ 1 ,\n\t2 ] }', expected: '{"a b":[1,2]}' },
  { text: '{"quote \\" still inside": " x "}', expected: '{"quote \\" still inside":" x "}' },
  { text: '{"back\\\\": 1 }', expected: '{"back\\\\":1}' },
  { text: '{"ü €": "\u2028 "}', expected: '{"ü €":"\u2028 "}' },
])("whitespace goes from $text", ({ text, expected }) => {
  expect(new TextDecoder().decode(withoutJsonWhitespace(bytes(text)))).toBe(expected);
});
