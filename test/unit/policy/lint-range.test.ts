import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRangeEmpty } from "../../../shared/policy/lint-range.ts";
import { checkConstraint, parseConstraint } from "../../../shared/policy/semver/constraint.ts";
import { isSatisfiable } from "../../../shared/policy/semver/satisfiable.ts";
import { parseFluxVersion } from "../../../shared/policy/semver/version.ts";
import { compileText, ociRepository } from "./compile-text.ts";

const isEmpty = (range: string): boolean => isRangeEmpty({ kind: "semver", range, dialect: "flux" });

describe("a range that no version can be in", () => {
  test.each([
    ">2.0.0 <1.0.0",
    ">=1.0.0 <1.0.0",
    ">1.0.0 <1.0.1",
    "1.x, 2.x",
    "~1.2 >=1.3.0",
    "^0.2.0 >=0.3.0",
    "=1.0.0 !=1.0.0",
    "<0.0.0",
    ">=1.0.0-rc.1 <1.0.0-rc.1",
    ">1.0.0-rc <1.0.0-rc.0",
    ">18446744073709551615.18446744073709551615.18446744073709551615",
    "1.x 2.x || 3.x 4.x",
  ])("%s", (range) => {
    expect(isEmpty(range)).toBe(true);
    expect(isRangeEmpty({ kind: "image-policy", order: { by: "semver", range }, exclusions: [] })).toBe(true);
  });

  test.each([
    "*",
    "",
    ">=1.0.0 <2.0.0",
    ">=0.0.0-0",
    ">1",
    ">1.2",
    "!=1",
    "!=1.2 !=1.3",
    "<0.0.1",
    "<1.0.0-rc.1",
    ">1.0.0-rc <1.0.0-rc.1",
    "~0",
    "^0.0.3",
    "1.x 2.x || 3.x",
    "1.2.3 - 1.2.3",
    "9007199254740991.0.0",
    "bogus",
  ])("but not %s", (range) => {
    expect(isEmpty(range)).toBe(false);
  });

  test("is said of the object that has it", () => {
    const { findings } = compileText(ociRepository("ref: {semver: '>2 <1'}"));
    expect(findings.map(({ code, severity }) => [code, severity])).toContainEqual(["range-empty", "warning"]);
  });

  const segment = fc.constantFrom("0", "1", "2", "3", "10", "9007199254740991", "18446744073709551615");
  const pre = fc.constantFrom("", "", "", "-0", "-1", "-a", "-a.0", "-a.1", "-a.b", "-rc.1", "-z");
  const version = fc.tuple(segment, segment, segment, pre).map(([a, b, c, d]) => `${a}.${b}.${c}${d}`);
  const partial = fc.oneof(
    version,
    fc.tuple(segment, segment).map((parts) => parts.join(".")),
    segment,
    fc.constant("*"),
  );
  const operator = fc.constantFrom("", "=", "!=", ">", "<", ">=", "<=", "~", "^");
  const group = fc
    .array(fc.tuple(operator, partial), { minLength: 1, maxLength: 4 })
    .map((comparisons) => comparisons.map((parts) => parts.join("")).join(" "));

  test("takes none of many versions, whatever the range", () => {
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 1, maxLength: 2 }),
        fc.array(version, { minLength: 40 }),
        (groups, versions) => {
          const parsed = parseConstraint(groups.join(" || "));
          if ("problem" in parsed || isSatisfiable(parsed.constraint)) return;
          for (const text of versions) {
            const read = parseFluxVersion(text);
            if (read !== undefined) expect(checkConstraint(parsed.constraint, read), text).toBe(false);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
