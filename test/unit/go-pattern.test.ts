import { describe, expect, test } from "vitest";
import { compileGoPattern } from "../../shared/go-pattern.ts";

describe("a pattern is measured with its repeats written out", () => {
  test.each([
    "x".repeat(4097),
    "(x{0,1000})(y{0,1000})".repeat(3),
    "(?i:\\pL{1000})".repeat(5),
    "[[:^ascii:]]{1000}".repeat(5),
    "((((a{9}){9}){9})b){9}",
    `(${"x".repeat(500)}){10}`,
    "(\\Qabc\\E[a-z]){1000}",
    "(\\x{41}\\p{Greek}..){1000}",
    "(a{2,}){500}b{900,}(c{800})(d{800})(e{800})",
  ])("%.40s is refused", (pattern) => {
    expect(() => compileGoPattern(pattern)).toThrow("with its repeats written out");
  });

  test.each([
    "x".repeat(4096),
    "(x)|[y]|\\z|\\Q.*\\E".repeat(200),
    // What only looks like a repeat.
    "\\Q{1000}{1000}{1000}\\E[{1000}]{2}\\{5000}\\x{41}\\p{Greek}",
    "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?){0,10}$",
    "^sha256-[0-9a-f]{64}\\.sig$",
    "a{0}b{1,}c{1000}",
  ])("%.40s is taken", (pattern) => {
    expect(compileGoPattern(pattern).pattern()).toBe(pattern);
  });

  test.each(["(", "a**", "a{1001}", "(a{100}){11}", "(?=a)"])("%s is refused as Go does", (pattern) => {
    expect(() => compileGoPattern(pattern)).toThrow("error parsing regexp");
  });
});
