import { compare as compareNpm } from "semver";
import { describe, expect, test } from "vitest";
import { compareVersions } from "../../../shared/policy/semver/compare.ts";
import { checkConstraint, parseConstraint } from "../../../shared/policy/semver/constraint.ts";
import {
  parseFluxVersion,
  parseLooseVersion,
  parseStrictVersion,
} from "../../../shared/policy/semver/version.ts";

const format = (text: string, parse: typeof parseFluxVersion): string | undefined => {
  const version = parse(text);
  if (version === undefined) return undefined;
  const core = `${version.major}.${version.minor}.${version.patch}`;
  return version.pre === "" ? core : `${core}-${version.pre}`;
};

const check = (range: string, text: string): boolean => {
  const parsed = parseConstraint(range);
  const version = parseFluxVersion(text);
  if ("problem" in parsed || version === undefined) throw new Error("not comparable");
  return checkConstraint(parsed.constraint, version);
};

describe("versions", () => {
  test.each([
    ["1.2.3", "1.2.3", "1.2.3", "1.2.3"],
    ["v1.2.3", "1.2.3", "1.2.3", undefined],
    ["01.02.03", "1.2.3", "1.2.3", undefined],
    ["1.2.3+4", "1.2.3", "1.2.3", "1.2.3"],
    ["1.2-rc.1", "1.2.0-rc.1", "1.2.0-rc.1", undefined],
    ["1-a.b.c", "1.0.0-a.b.c", "1.0.0-a.b.c", undefined],
    ["1.2.3-4-gabc", "1.2.3-4-gabc", "1.2.3-4-gabc", "1.2.3-4-gabc"],
    ["v2025.02.03-rc.1", "2025.2.3-rc.1", "2025.2.3-rc.1", undefined],
    ["1", "1.0.0", undefined, undefined],
    ["1.2", "1.2.0", undefined, undefined],
    ["1-a.b", "1.0.0-a.b", undefined, undefined],
    [
      "18446744073709551615.0.0",
      "18446744073709551615.0.0",
      "18446744073709551615.0.0",
      "18446744073709551615.0.0",
    ],
    ["18446744073709551616.0.0", undefined, undefined, undefined],
    ["V1.2.3", undefined, undefined, undefined],
    ["1.2.3.4", undefined, undefined, undefined],
    ["1.2.3_4", undefined, undefined, undefined],
    ["1.2.3-rc.01", undefined, undefined, undefined],
    ["1.2.3-", undefined, undefined, undefined],
    ["1.2.3+", undefined, undefined, undefined],
    ["1..3", undefined, undefined, undefined],
    ["", undefined, undefined, undefined],
    [" 1.2.3", undefined, undefined, undefined],
    ["sha256-9f86d081", undefined, undefined, undefined],
  ])("%s reads as %s, by Flux as %s, strictly as %s", (text, loose, flux, strict) => {
    expect(format(text, parseLooseVersion)).toBe(loose);
    expect(format(text, parseFluxVersion)).toBe(flux);
    expect(format(text, parseStrictVersion)).toBe(strict);
  });

  test("reads 256 characters and no more", () => {
    const tail = (length: number): string => `1.2.3-${"a".repeat(length - 6)}`;
    expect(parseFluxVersion(tail(256))).toBeDefined();
    expect(parseFluxVersion(tail(257))).toBeUndefined();
  });

  test("tells numbers apart that a double cannot", () => {
    const a = parseFluxVersion("9007199254740993.0.0");
    const b = parseFluxVersion("9007199254740992.0.0");
    expect(a && b && compareVersions(a, b)).toBeGreaterThan(0);
  });

  test("orders as npm's semver does where both read the version", () => {
    const texts = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
    ];
    const all = [...texts, "1.0.0-rc.1", "1.0.0", "1.0.1", "1.1.0", "2.0.0-0", "2.0.0", "10.0.0", "2.0.0+a"];
    for (const a of all) {
      for (const b of all) {
        const left = parseFluxVersion(a);
        const right = parseFluxVersion(b);
        const ours = left && right && compareVersions(left, right);
        expect([a, b, Math.sign(ours ?? Number.NaN)]).toEqual([a, b, compareNpm(a, b)]);
      }
    }
  });
});

describe("constraints", () => {
  // The four columns of a table run against the Go library.
  test.each([
    ["1.2.3", [true, true, true, true]],
    ["1.2.3+4", [true, true, true, true]],
    ["1.2-rc.1", [false, true, true, false]],
    ["1.2.3-4-gabc", [false, true, true, true]],
    ["v2025.02.03-rc.1", [false, true, false, false]],
    ["20240101.1.1", [true, true, false, false]],
  ])("%s against *, >=0.0.0-0, 1.2.x-0 and >=1.2.0 <2.0.0-0", (text, expected) => {
    expect(["*", ">=0.0.0-0", "1.2.x-0", ">=1.2.0 <2.0.0-0"].map((range) => check(range, text))).toEqual(
      expected,
    );
  });

  // Where npm's semver answers otherwise.
  test.each([
    [">=1.0.0-0", "1.2.3-beta.1", true],
    ["^1.2.3-beta.2", "1.2.4-rc.1", true],
    ["~1.2.3-0", "1.2.4-rc.1", true],
    ["<2.0.0-0", "1.2.3-beta.1", true],
    ["^*", "1.0.0", false],
    ["!=*", "1.0.0", true],
    ["1||2 - 3", "1.5.0", true],
    ["1||2 - 3", "3.0.0", true],
    ["1||2 - 3", "2.0.0", true],
    [">11", "11.1.0", false],
    [">=1.2.3 <1.2.3-0", "1.2.3", false],
  ])("%s holds for %s: %s", (range, text, expected) => {
    expect(check(range, text)).toBe(expected);
  });

  test.each([
    "",
    " ",
    ">",
    "1.2.3.4",
    ">1.0.0 || ",
    "1,",
    "1 ,, 2",
    "==1",
    "> =1",
    "1>2",
    "1x.2",
    "~>>1",
    "1\u00a02",
    "01x",
  ])("refuses %j", (range) => {
    expect(parseConstraint(range)).toHaveProperty("problem");
  });

  test("takes 512 bytes and 32 alternatives, no more", () => {
    expect(parseConstraint(`1${" ".repeat(511)}`)).toHaveProperty("constraint");
    expect(parseConstraint(`1${" ".repeat(512)}`)).toHaveProperty("problem");
    expect(parseConstraint(Array(32).fill("1").join("||"))).toHaveProperty("constraint");
    expect(parseConstraint(Array(33).fill("1").join("||"))).toHaveProperty("problem");
  });

  test("reads runs of blanks that a backtracking expression would choke on", () => {
    const blanks = `${"1   ".repeat(120)}!`;
    expect(parseConstraint(blanks)).toHaveProperty("problem");
  });
});
