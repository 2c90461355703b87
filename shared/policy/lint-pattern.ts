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

/** What stands between the `|` outside of all groups: each branch is found on its own. */
const toBranches = (operators: string): readonly string[] => {
  const branches: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, character] of [...operators].entries()) {
    if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === "|" && depth === 0) {
      branches.push(operators.slice(start, at));
      start = at + 1;
    }
  }
  branches.push(operators.slice(start));
  return branches;
};

const isAnchored = (branch: string): boolean =>
  /^(?:\(\?[a-zA-Z]+\))*(?:\^|\\A)/.test(branch) && /(?:\$|\\z)$/.test(branch);

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
  if (!toBranches(toOperators(pattern)).every(isAnchored)) {
    const message = `${label} is found anywhere in the text: begin it with ^ and end it with $`;
    complaints.push(["pattern-unanchored", message]);
  }
  if (hasLooseDot(pattern)) {
    complaints.push(["pattern-dot", `${label} has a dot that takes any character: write \\.`]);
  }
  return complaints;
};
