import { parseGoFloat } from "../../../shared/policy/go-number.ts";
import { compileGoRegexp } from "../../../shared/policy/go-regexp.ts";
import { selectBatchLine } from "../../../shared/policy/select-batch.ts";
import { compareVersions } from "../../../shared/policy/semver/compare.ts";
import { checkConstraint, parseConstraint } from "../../../shared/policy/semver/constraint.ts";
import {
  parseFluxVersion,
  parseLooseVersion,
  parseStrictVersion,
  type Version,
} from "../../../shared/policy/semver/version.ts";
import type { Case } from "./cases.ts";

/** What the judge says, and what we say, in one form. */
export interface Answer {
  readonly selected?: string;
  readonly ties?: readonly string[];
  readonly error?: string;
  readonly answers?: readonly unknown[];
}

const describeVersion = (version: Version | undefined): unknown =>
  version === undefined
    ? null
    : [String(version.major), String(version.minor), String(version.patch), version.pre];

const describeFloat = (text: string): string => {
  const value = parseGoFloat(text);
  if (typeof value === "string") return value;
  if (Number.isNaN(value)) return "NaN";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16);
};

const answerCheck = ({ range = "", versions = [] }: Case): Answer => {
  const parsed = parseConstraint(range);
  if ("problem" in parsed) return { error: "range-invalid" };
  return {
    answers: versions.map((text) => {
      const version = parseLooseVersion(text);
      return version !== undefined && checkConstraint(parsed.constraint, version);
    }),
  };
};

const answerCompare = ({ versions = [] }: Case): Answer => ({
  answers: versions.slice(1).map((text, index) => {
    const a = parseLooseVersion(versions[index] ?? "");
    const b = parseLooseVersion(text);
    return a === undefined || b === undefined ? null : Math.sign(compareVersions(a, b));
  }),
});

const answerRegexp = ({ pattern = "", template = "", texts = [] }: Case): Answer => {
  const compiled = compileGoRegexp(pattern);
  if ("problem" in compiled) return { error: "pattern-invalid" };
  return {
    answers: texts.map((text) => {
      const expanded = compiled.regexp.expand(text, template);
      // Both ways of asking must agree: one runs an automaton, the other the machine with captures.
      return compiled.regexp.test(text) === (expanded !== undefined)
        ? (expanded ?? null)
        : "test and expand differ";
    }),
  };
};

/** Our answer to a case. */
export const answerCase = (given: Case): Answer => {
  switch (given.op) {
    case "check":
      return answerCheck(given);
    case "compare":
      return answerCompare(given);
    case "parse":
      return {
        answers: (given.versions ?? []).map((text) =>
          [parseLooseVersion, parseFluxVersion, parseStrictVersion].map((parse) =>
            describeVersion(parse(text)),
          ),
        ),
      };
    case "regexp":
      return answerRegexp(given);
    case "float":
      return { answers: (given.texts ?? []).map(describeFloat) };
    default:
      return selectBatchLine(JSON.stringify(given));
  }
};

const sorted = (texts: readonly string[] | undefined): readonly string[] => [...(texts ?? [])].sort();

/** Equal, or one of a tie that both see alike. */
export const agree = (ours: Answer, judge: Answer): boolean => {
  if (judge.error !== undefined || ours.error !== undefined) return ours.error === judge.error;
  if (JSON.stringify(ours.answers) !== JSON.stringify(judge.answers)) return false;
  if (JSON.stringify(sorted(ours.ties)) !== JSON.stringify(sorted(judge.ties))) return false;
  if (judge.ties === undefined) return ours.selected === judge.selected;
  return ours.selected !== undefined && judge.ties.includes(ours.selected);
};
