import { describe, expect, test } from "vitest";
import { peerBinary } from "./install/cache.ts";
import { agree, answerCase } from "./semver/answers.ts";
import { type Case, generateCases } from "./semver/cases.ts";
import { judgeCases } from "./semver/judge.ts";

const SEEDS = [1, 2, 3, 4];
const CASES_PER_SEED = 10_000;
const MAX_SHOWN = 5;

const labelOf = ({ kind, op }: Case): string => kind ?? op ?? "";

/** Constraints, versions, patterns, numbers and whole selections, against the libraries that Flux itself uses. */
describe("selection against Go", () => {
  test.each(SEEDS)("seed %i: no disagreement, ties aside", async (seed) => {
    const judged = await judgeCases(peerBinary("semver-judge"), [...generateCases(seed, CASES_PER_SEED)]);
    const disagreements = judged
      .map(({ given, judge }) => ({ given, judge, ours: answerCase(given) }))
      .filter(({ ours, judge }) => !agree(ours, judge));
    expect(disagreements.slice(0, MAX_SHOWN)).toEqual([]);
    expect(judged).toHaveLength(CASES_PER_SEED);
  });

  test("the cases are not all alike: every kind is answered and refused, and ties occur", async () => {
    const judged = await judgeCases(peerBinary("semver-judge"), [
      ...generateCases(SEEDS[0] ?? 0, CASES_PER_SEED),
    ]);
    const count = (label: string, wanted: (judge: (typeof judged)[number]["judge"]) => boolean): number =>
      judged.filter(({ given, judge }) => labelOf(given) === label && wanted(judge)).length;
    for (const kind of ["OCIRepository", "HelmChart", "ImagePolicy"]) {
      expect(count(kind, ({ selected }) => selected !== undefined)).toBeGreaterThan(300);
      expect(count(kind, ({ error }) => error !== undefined)).toBeGreaterThan(300);
      expect(count(kind, ({ ties }) => ties !== undefined)).toBeGreaterThan(10);
    }
    for (const op of ["check", "parse", "compare", "regexp", "float"]) {
      expect(count(op, ({ answers }) => answers !== undefined)).toBeGreaterThan(300);
    }
  });
});
