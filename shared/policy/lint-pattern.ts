import type { FindingCode } from "./finding.ts";
import { compileGoRegexp } from "./go-regexp.ts";

export type Complaint = readonly [code: FindingCode, message: string];

// \Q…\E, an escaped character, or a character class: nothing in it is an operator.
const INERT = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?/gs;
const FILLER = "_";
const MAX_QUOTED_LENGTH = 120;

/** Keeps what is said of a pattern readable, however long it is. */
export const quotePattern = (pattern: string): string =>
  JSON.stringify(pattern.length > MAX_QUOTED_LENGTH ? `${pattern.slice(0, MAX_QUOTED_LENGTH)}…` : pattern);

/** The pattern's operators alone, everything else filled in, so that positions can be looked at. */
const toOperators = (pattern: string): string =>
  pattern.replace(INERT, (inert) => (/^\\[Az]$/.test(inert) ? inert : FILLER.repeat(inert.length)));

/** One alternative of a pattern, as it is written and its operators alone. */
export interface Branch {
  readonly text: string;
  readonly operators: string;
}

/** What stands between the `|` outside of all groups: each branch is found on its own. */
export const toBranches = (pattern: string): readonly Branch[] => {
  const operators = toOperators(pattern);
  const branches: Branch[] = [];
  let depth = 0;
  let start = 0;
  const end = (at: number): void => {
    branches.push({ text: pattern.slice(start, at), operators: operators.slice(start, at) });
    start = at + 1;
  };
  for (let at = 0; at < operators.length; at++) {
    const character = operators[at];
    if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === "|" && depth === 0) end(at);
  }
  end(operators.length);
  return branches;
};

const isAnchored = ({ operators }: Branch): boolean =>
  /^(?:\(\?[a-zA-Z]+\))*(?:\^|\\A)/.test(operators) && /(?:\$|\\z)$/.test(operators);

/** `github.com`, `/.github`, `release.yml`: a literal dot is meant, any character is taken. */
const hasLooseDot = (pattern: string): boolean =>
  /[A-Za-z0-9/]\.(?=[A-Za-z0-9])/.test(pattern.replace(INERT, FILLER));

/** Texts that no honest rule takes together: what matches them matches everybody. */
const STRANGERS = ["", "https://stranger.invalid/x", "nobody@stranger.invalid"] as const;

/** What is risky about one pattern that a signer must match. */
export const lintPattern = (field: string, pattern: string): readonly Complaint[] => {
  if (pattern === "") return [["verify-empty-pattern", `${field} is empty: it asks for nothing`]];
  const label = `${field} ${quotePattern(pattern)}`;
  const compiled = compileGoRegexp(pattern);
  if ("problem" in compiled) return [["verify-pattern-invalid", `${label}: ${compiled.problem}`]];
  if (STRANGERS.every((text) => compiled.regexp.test(text))) {
    return [["pattern-matches-all", `${label} matches everybody`]];
  }
  const complaints: Complaint[] = [];
  if (!toBranches(pattern).every(isAnchored)) {
    const message = `${label} is found anywhere in the text: begin it with ^ and end it with $`;
    complaints.push(["pattern-unanchored", message]);
  }
  if (hasLooseDot(pattern)) {
    complaints.push(["pattern-dot", `${label} has a dot that takes any character: write \\.`]);
  }
  return complaints;
};
