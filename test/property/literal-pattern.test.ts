import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { toLiteralMatch } from "../../shared/signature/literal-pattern.ts";

/** Few letters, so that patterns and texts meet often. */
const plain = fc.constantFrom("a", "b", "/", ":", "@", "-", "_", " ", "0");
const escaped = fc.constantFrom("\\.", "\\+", "\\/", "\\-", "\\$", "\\^", "\\\\", "\\_", "\\`", "\\{");
const operator = fc.constantFrom(
  ".",
  "*",
  "+",
  "?",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "|",
  "^",
  "$",
  "\\",
  "\\d",
  "\\Q",
);
const literal = fc.array(fc.oneof(plain, escaped), { maxLength: 5 }).map((parts) => parts.join(""));
const around = (body: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.constantFrom("", "^"), body, fc.constantFrom("", ".*"), fc.constantFrom("", "$"))
    .map((parts) => parts.join(""));

const character = fc.constantFrom(
  "a",
  "b",
  "/",
  ":",
  "@",
  "-",
  "_",
  " ",
  "0",
  ".",
  "+",
  "$",
  "^",
  "\\",
  "`",
  "{",
  "\n",
  "é",
);
const text = fc.array(character, { maxLength: 8 }).map((parts) => parts.join(""));

const unescaped = (pattern: string): string =>
  pattern.replace(/^\^|\.\*\$?$|\$$/g, "").replace(/\\(.)/g, "$1");

const agrees = (pattern: string, texts: readonly string[]): void => {
  const matches = toLiteralMatch(pattern);
  if (matches === undefined) return;
  const expression = RE2JS.compile(pattern);
  for (const each of texts) {
    expect({ pattern, text: each, matches: matches(each) }).toEqual({
      pattern,
      text: each,
      matches: expression.matcher(each).find(),
    });
  }
};

describe("literal patterns mean what Go says", () => {
  test("on texts near and far", () => {
    const property = fc.property(around(literal), text, text, text, (pattern, before, after, other) => {
      const core = unescaped(pattern);
      agrees(pattern, [core, `${before}${core}`, `${core}${after}`, `${before}${core}${after}`, other, ""]);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  test("whatever operators stand in them", () => {
    const anything = fc
      .array(fc.oneof(plain, escaped, operator), { maxLength: 6 })
      .map((parts) => parts.join(""));
    const property = fc.property(around(anything), text, text, (pattern, first, second) =>
      agrees(pattern, [first, second, `${first}${unescaped(pattern)}${second}`]),
    );
    fc.assert(property, { numRuns: 5000 });
  });

  test.each([
    "^https://token\\.actions\\.githubusercontent\\.com$",
    "^https://github\\.com/acme/app/\\.github/workflows/release\\.yaml@refs/tags/v",
    "^https://github\\.com/acme/.*$",
    "https://accounts.example".replace(".", "\\."),
  ])("%s is one", (pattern) => {
    expect(toLiteralMatch(pattern)).toBeDefined();
  });

  test.each([
    "a.b",
    "a|b",
    "(a)",
    "[a]",
    "a+",
    "a*",
    "a?",
    "a{2}",
    "\\d",
    "\\Qa\\E",
    "(?i)a",
    "a^",
    "$a",
    "é",
    ".*a",
    "a.*b",
    "a.*$",
  ])("%s is none", (pattern) => {
    expect(toLiteralMatch(pattern)).toBeUndefined();
  });
});
