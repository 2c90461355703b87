import { describe, expect, test } from "vitest";
import { parseGoFloat } from "../../../shared/policy/go-number.ts";
import { compileGoRegexp } from "../../../shared/policy/go-regexp.ts";
import { variable } from "./compile-text.ts";

const expand = (pattern: string, text: string, template: string): string | undefined => {
  const compiled = compileGoRegexp(pattern);
  if ("problem" in compiled) throw new Error(compiled.problem);
  return compiled.regexp.expand(text, template);
};

describe("Go's ExpandString", () => {
  const pattern = "^(?P<major>\\d+)\\.(\\d+)(-rc)?";
  test.each<[string, string]>([
    ["$1", "1"],
    ["$major.$2", "1.2"],
    [variable("major").concat("x"), "1x"],
    ["$1x", ""],
    ["$01", ""],
    [variable("1").concat("x"), "1x"],
    ["$0", "1.2"],
    ["$3", ""],
    ["$9", ""],
    ["$$1", "$1"],
    ["$", "$"],
    ["$-", "$-"],
    ["${", "${"],
    [variable(""), variable("")],
    [variable("major").slice(0, -1), variable("major").slice(0, -1)],
    ["$toString", ""],
    ["é$1", "é1"],
    ["$1é", ""],
  ])("%s gives %j", (template, expected) => {
    expect(expand(pattern, "1.2.3", template)).toBe(expected);
  });

  test("nothing where nothing matches", () => {
    expect(expand(pattern, "x", "$1")).toBeUndefined();
  });

  test("groups may share a name; the first that took part counts", () => {
    const shared = "^(?:(?P<n>a)|[(?P<n>](?P<n>b))\\Q(?P<n>\\E\\((c)";
    expect(expand(shared, "a(?P<n>(c", "$n$1$3")).toBe("aac");
    expect(expand(shared, "?b(?P<n>(c", "$n$2$3")).toBe("bbc");
  });
});

describe("Go's patterns", () => {
  test.each(["(?=a)", "(?<=a)b", "(?!a)", "\\1", "(?>a)", "a**", "x{1001}", "((a{100}){10}){10}", "[z-a]"])(
    "%s is none",
    (pattern) => {
      expect(compileGoRegexp(pattern)).toHaveProperty("problem");
    },
  );

  test("a pattern is taken up to 4,096 characters", () => {
    expect(compileGoRegexp("a".repeat(4_096))).toHaveProperty("regexp");
    expect(compileGoRegexp("a".repeat(4_097))).toHaveProperty("problem");
  });

  test("$ is the end of the text, not of a line before it", () => {
    const compiled = compileGoRegexp("^a$");
    expect("regexp" in compiled && compiled.regexp.test("a\n")).toBe(false);
  });
});

describe("Go's ParseFloat", () => {
  test.each<[string, number | string]>([
    ["1.5", 1.5],
    ["1_000", 1000],
    ["0x1p-2", 0.25],
    ["0x1.fffffffffffff8p0", 2],
    ["0x1.fffffffffffff7p0", 1.9999999999999998],
    ["0x1.8p-1075", 5e-324],
    ["0x1p-1075", 0],
    ["-Inf", Number.NEGATIVE_INFINITY],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["nan", Number.NaN],
    ["1e-400", 0],
    ["1e309", "range"],
    ["0x1p1024", "range"],
    ["0x1p99999999999", "range"],
    ["0x1", "syntax"],
    ["1__0", "syntax"],
    ["1_", "syntax"],
    ["_1", "syntax"],
    ["1_e5", "syntax"],
    ["+nan", "syntax"],
    ["infinit", "syntax"],
    ["", "syntax"],
    ["1 ", "syntax"],
    ["0b1", "syntax"],
    ["٣", "syntax"],
  ])("%j is %s", (text, expected) => {
    expect(parseGoFloat(text)).toBe(expected);
  });
});
