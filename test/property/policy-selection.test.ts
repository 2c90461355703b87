import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseGoFloat } from "../../shared/policy/go-number.ts";
import { compileGoRegexp, findGoRegexpProblem } from "../../shared/policy/go-regexp.ts";
import { lintPattern } from "../../shared/policy/lint-pattern.ts";
import { compileSelector } from "../../shared/policy/select.ts";
import { compareVersions } from "../../shared/policy/semver/compare.ts";
import { checkConstraint, parseConstraint } from "../../shared/policy/semver/constraint.ts";
import {
  parseFluxVersion,
  parseLooseVersion,
  parseStrictVersion,
} from "../../shared/policy/semver/version.ts";

const number = fc.oneof(fc.nat(3), fc.constantFrom("01", "9007199254740993", "18446744073709551616", "x"));
const identifier = fc.constantFrom("0", "1", "10", "a", "rc", "-", "01", "", "18446744073709551616", "é");
const versionText = fc
  .tuple(
    fc.constantFrom("", "", "v", " "),
    fc.array(number, { minLength: 1, maxLength: 4 }),
    fc.array(identifier, { maxLength: 3 }),
    fc.array(identifier, { maxLength: 2 }),
  )
  .map(([prefix, numbers, pre, build]) => {
    const suffix =
      (pre.length > 0 ? `-${pre.join(".")}` : "") + (build.length > 0 ? `+${build.join(".")}` : "");
    return `${prefix}${numbers.join(".")}${suffix}`;
  });
const constraintText = fc.string({
  unit: fc.constantFrom(..."<>=!~^ ,|-.x*0123vrc+".split(""), "1.2.3", " - ", " || ", ">=", "  "),
  maxLength: 24,
});

describe("versions and constraints", () => {
  test("strict versions are Flux's, and those are loose ones", () => {
    fc.assert(
      fc.property(versionText, (text) => {
        const flux = parseFluxVersion(text);
        if (flux !== undefined) expect(parseLooseVersion(text)).toEqual(flux);
        const strict = parseStrictVersion(text);
        if (strict !== undefined) expect(flux).toEqual(strict);
      }),
    );
  });

  test("the order is total", () => {
    const version = versionText.map(parseLooseVersion).filter((parsed) => parsed !== undefined);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  test("any text is a constraint or a problem, and a constraint answers", () => {
    fc.assert(
      fc.property(fc.oneof(constraintText, fc.string()), versionText, (range, text) => {
        const parsed = parseConstraint(range);
        const version = parseLooseVersion(text);
        if ("problem" in parsed || version === undefined) return;
        expect(typeof checkConstraint(parsed.constraint, version)).toBe("boolean");
      }),
      { numRuns: 500 },
    );
  });

  test("what is picked is accepted, and nothing accepted is preferred to it", () => {
    const range = fc.oneof(fc.constantFrom("*", "*-0", ">=1", "^1.0.0-0"), constraintText);
    const dialect = fc.constantFrom("flux", "helm-oci", "helm");
    fc.assert(
      fc.property(range, dialect, fc.array(versionText, { maxLength: 10 }), (text, reading, tags) => {
        const selector = compileSelector({ kind: "semver", range: text, dialect: reading });
        const accepted = tags.filter((tag) => selector.accepts(tag).accepted);
        const selection = selector.pick(tags);
        if (selection.kind !== "picked") {
          expect(accepted).toEqual([]);
          return;
        }
        expect(accepted).toContain(selection.tag);
        const equal = accepted.filter((tag) => selector.compare(tag, selection.tag) === 0);
        expect(accepted.every((tag) => selector.compare(tag, selection.tag) <= 0)).toBe(true);
        expect(new Set(selection.ties.length > 0 ? selection.ties : [selection.tag])).toEqual(new Set(equal));
      }),
      { numRuns: 500 },
    );
  });
});

describe("Go's patterns and numbers", () => {
  const unit = fc.constantFrom(
    ..."()[]{}|*+?.^$\\-ab1:=!<>P".split(""),
    "(?P<a>",
    "\\d",
    "[^",
    "{2,",
    "(?i)",
  );

  test("any pattern compiles or has a problem; to match and to expand are one", () => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 16 }), fc.string(), fc.string(), (pattern, text, template) => {
        expect(lintPattern("subject", pattern)).toBeInstanceOf(Array);
        const compiled = compileGoRegexp(pattern);
        const problem = "problem" in compiled ? compiled.problem : undefined;
        expect(findGoRegexpProblem(pattern)).toBe(problem);
        if ("problem" in compiled) return;
        expect(compiled.regexp.expand(text, template) !== undefined).toBe(compiled.regexp.test(text));
      }),
      { numRuns: 500 },
    );
  });

  test("of literal text, repeated or not, have no problem however they were looked at", () => {
    const atom = fc.oneof(
      fc.constantFrom(..."aZ09_/:@ ,;=&%#~!\"'<>-."),
      fc.integer({ min: 0x21, max: 0x7e }).map((code) => `\\${String.fromCharCode(code)}`),
    );
    const piece = fc
      .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "**"))
      .map(([one, times]) => one + times);
    const pattern = fc.tuple(fc.constantFrom("", "^"), fc.array(piece), fc.constantFrom("", "$"));
    fc.assert(
      fc.property(pattern, ([start, pieces, end]) => {
        const text = start + pieces.join("") + end;
        const compiled = compileGoRegexp(text);
        expect(findGoRegexpProblem(text)).toBe("problem" in compiled ? compiled.problem : undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a template without a dollar is what it expands to", () => {
    const compiled = compileGoRegexp("^");
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, template) => {
        if ("problem" in compiled || template.includes("$")) return;
        expect(compiled.regexp.expand(text, template)).toBe(template);
      }),
    );
  });

  test("every double is read as itself, by its digits and by its bits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseGoFloat(String(value))).toBe(value === 0 ? 0 : value);
        const view = new DataView(new ArrayBuffer(8));
        view.setFloat64(0, value);
        const bits = view.getBigUint64(0);
        const exponent = Number((bits >> 52n) & 0x7ffn);
        const fraction = bits & 0xfffffffffffffn;
        const mantissa = exponent === 0 ? fraction : fraction | 0x10000000000000n;
        const text = `${value < 0 ? "-" : ""}0x${mantissa.toString(16)}p${Math.max(exponent, 1) - 1075}`;
        expect(parseGoFloat(text)).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  test("any text is a number or a problem", () => {
    const digits = fc.string({
      unit: fc.constantFrom(..."0123456789_.eExXpP+-infNa".split("")),
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.oneof(digits, fc.string()), (text) => {
        expect(["number", "string"]).toContain(typeof parseGoFloat(text));
      }),
      { numRuns: 500 },
    );
  });
});
