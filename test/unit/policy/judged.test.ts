import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Answer, agree, answerCase } from "../../interop/semver/answers.ts";
import type { Case } from "../../interop/semver/cases.ts";

interface Judged {
  readonly given: Case;
  readonly judge: Answer;
}

/** Answers of Flux's own Go libraries, written by test/interop/semver/write-golden.ts. */
const judged = readFileSync(join(import.meta.dirname, "../../fixtures/policy/judged.ndjson"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line): Judged => JSON.parse(line));

test("answers 800 cases as Go did", () => {
  const disagreements = judged
    .map(({ given, judge }) => ({ given, judge, ours: answerCase(given) }))
    .filter(({ ours, judge }) => !agree(ours, judge));
  expect(disagreements).toEqual([]);
  expect(judged).toHaveLength(800);
});
