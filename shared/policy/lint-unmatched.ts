import type { IdentityRule } from "../ports.ts";
import { compileGoRegexp } from "./go-regexp.ts";
import { type Branch, quotePattern, toBranches } from "./lint-pattern.ts";

/** The issuer of GitHub's workflows, whose certificates all name a workflow's file and a ref. */
const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";
/** Issuers without a slash at their end. */
const KNOWN_ISSUERS = [GITHUB_ISSUER, "https://accounts.google.com", "https://gitlab.com"];
/** Fulcio's issuers are URLs. */
const ISSUER_STARTS = ["https://", "http://"];
const GITHUB_SUBJECT_STARTS = ["https://"];

const LITERAL = /\\([^A-Za-z0-9])|([A-Za-z0-9 _/:@~%,;=!&#<>"'-])/y;
const OPTIONAL = /[*?{]/;

interface Start {
  readonly text: string;
  /** Nothing else is in the branch. */
  readonly whole: boolean;
}

/** The text that every match of a branch begins with; undefined where it may begin anywhere. */
const literalStart = ({ text: branch }: Branch): Start | undefined => {
  if (!branch.startsWith("^")) return undefined;
  let text = "";
  for (let at = 1; ; at = LITERAL.lastIndex) {
    LITERAL.lastIndex = at;
    const match = LITERAL.exec(branch);
    if (match === null) return { text, whole: branch.slice(at) === "$" };
    if (OPTIONAL.test(branch[LITERAL.lastIndex] ?? "")) return { text, whole: false };
    text += match[1] ?? match[2] ?? "";
  }
};

/** Text is asked for before the text's beginning, or behind its end, outside of all groups. */
const isContradiction = ({ operators }: Branch): boolean => {
  let outside = operators;
  for (let before = ""; before !== outside; ) {
    before = outside;
    outside = outside.replace(/\([^()]*\)/g, "|");
  }
  return /[\w/:@.-]\^/.test(outside) || /\$[\w/:@.-](?![*?{])/.test(outside);
};

const startsOtherwise =
  (wanted: readonly string[]) =>
  (branch: Branch): boolean => {
    const start = literalStart(branch);
    if (start === undefined) return false;
    return !wanted.some(
      (text) => start.text.startsWith(text) || (!start.whole && text.startsWith(start.text)),
    );
  };

const endsInSlash = (branch: Branch): boolean => {
  const start = literalStart(branch);
  return start?.whole === true && KNOWN_ISSUERS.some((issuer) => start.text === `${issuer}/`);
};

const endsAtFile = ({ text }: Branch): boolean => /\.ya?ml\$$/.test(text) && !text.includes("@");

/** Flags may change what `^`, `$` and letters mean: such patterns are left alone. */
const every = (pattern: string, isHopeless: (branch: Branch) => boolean): boolean =>
  !pattern.includes("(?") && toBranches(pattern).every(isHopeless);

const whyIssuer = (issuer: string): string | undefined => {
  if (every(issuer, startsOtherwise(ISSUER_STARTS)))
    return "does not begin as an issuer does: write ^https://";
  return every(issuer, endsInSlash) ? "ends in a slash, and the issuer does not" : undefined;
};

const whyGithubSubject = (subject: string): string | undefined => {
  if (every(subject, startsOtherwise(GITHUB_SUBJECT_STARTS))) {
    return "is not what GitHub's certificates say: https://github.com/<owner>/<repository>/.github/workflows/<file>@<ref>";
  }
  if (every(subject, endsAtFile)) return "ends at the workflow's file, behind which certificates say @refs/…";
  return undefined;
};

/** Why no certificate can match the rule; undefined where one could, or where that is not certain. */
export const whyUnmatched = ({ issuer, subject }: IdentityRule): string | undefined => {
  const say = (field: string, pattern: string, why: string | undefined): string | undefined =>
    why === undefined ? undefined : `${field} ${quotePattern(pattern)} ${why}`;
  const contradiction = (field: string, pattern: string): string | undefined =>
    every(pattern, isContradiction) ? say(field, pattern, "asks for text before ^ or behind $") : undefined;
  const compiled = compileGoRegexp(issuer);
  const isGithub = "regexp" in compiled && compiled.regexp.test(GITHUB_ISSUER);
  return (
    contradiction("issuer", issuer) ??
    contradiction("subject", subject) ??
    say("issuer", issuer, whyIssuer(issuer)) ??
    (isGithub ? say("subject", subject, whyGithubSubject(subject)) : undefined)
  );
};
