import { OPERATORS, type Operator, type Term } from "./operators.ts";
import { parseLooseVersion, type Version } from "./version.ts";

interface Comparison {
  readonly operator: Operator;
  readonly term: Term;
}

/** Comparisons that must all hold. */
interface Group {
  readonly comparisons: readonly Comparison[];
  /** One comparison names a prerelease: then all prereleases may match (unlike npm's semver). */
  readonly prereleases: boolean;
}

/** A parsed constraint: it holds for a version if one of its groups does. */
export interface Constraint {
  readonly groups: readonly Group[];
}

export type ParsedConstraint = { readonly constraint: Constraint } | { readonly problem: string };

const MAX_CONSTRAINT_BYTES = 512;
const MAX_GROUPS = 32;

// The same expressions Masterminds writes, for Go's idea of white space. `|` is in the class there as well, so
// `1||2 - 3` is one range until it is split; that too is kept.
const SPACE = "[\\t\\n\\f\\r ]";
const NUMBER = "[0-9xX|*]+";
const IDENTIFIERS = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const OPERAND = `v?(?:${NUMBER})(?:\\.${NUMBER}){0,2}(?:-${IDENTIFIERS})?(?:\\+${IDENTIFIERS})?`;
const HYPHEN_RANGE = new RegExp(`${SPACE}*(${OPERAND})${SPACE}+-${SPACE}+(${OPERAND})${SPACE}*`, "g");
const WHOLE_OPERAND = new RegExp(
  `^v?(${NUMBER})(?:\\.(${NUMBER}))?(?:\\.(${NUMBER}))?((?:-${IDENTIFIERS})?)(?:\\+${IDENTIFIERS})?$`,
);
/**
 * One comparison and what separates it from the next. Sticky, and each piece ends where the next must begin, so
 * hostile runs of blanks cost nothing (the original needs RE2 for that).
 */
const NEXT_COMPARISON = new RegExp(
  `${SPACE}*([=!<>~^]*)${SPACE}*([^=!<>~^,\\t\\n\\f\\r ]+)(${SPACE}*,?)${SPACE}*`,
  "y",
);

const isWildcard = (number: string | undefined): boolean =>
  number === undefined || number === "x" || number === "X" || number === "*";

const toTerm = (operand: string): Term | undefined => {
  const match = WHOLE_OPERAND.exec(operand);
  if (match === null) return undefined;
  const [, major, minor, patch, pre] = match;
  const wildMajor = isWildcard(major);
  const wildMinor = !wildMajor && isWildcard(minor);
  const wildPatch = !wildMajor && !wildMinor && isWildcard(patch);
  let text = operand;
  if (wildMajor) text = `0.0.0${pre}`;
  else if (wildMinor) text = `${major}.0.0${pre}`;
  else if (wildPatch) text = `${major}.${minor}.0${pre}`;
  const version = parseLooseVersion(text);
  if (version === undefined) return undefined;
  return {
    version,
    dirty: wildMajor || wildMinor || wildPatch,
    minorDirty: wildMinor,
    patchDirty: wildPatch,
  };
};

const parseGroup = (text: string): Group | undefined => {
  const comparisons: Comparison[] = [];
  let separated = true;
  for (let at = 0; at < text.length; at = NEXT_COMPARISON.lastIndex) {
    NEXT_COMPARISON.lastIndex = at;
    const match = NEXT_COMPARISON.exec(text);
    if (match === null || !separated) return undefined;
    const operator = OPERATORS.get(match[1] ?? "");
    const term = toTerm(match[2] ?? "");
    if (operator === undefined || term === undefined) return undefined;
    comparisons.push({ operator, term });
    const ended = NEXT_COMPARISON.lastIndex === text.length;
    const separator = match[3] ?? "";
    // A comma promises another comparison.
    if (ended && separator.endsWith(",")) return undefined;
    separated = separator !== "" || ended;
  }
  if (comparisons.length === 0) return undefined;
  return { comparisons, prereleases: comparisons.some(({ term }) => term.version.pre !== "") };
};

/** `a - b` becomes `>= a, <= b`, wherever its text first stands (which Masterminds does too). */
const rewriteHyphenRanges = (text: string): string => {
  let rewritten = text;
  for (const [range, from, to] of text.matchAll(HYPHEN_RANGE)) {
    rewritten = rewritten.replace(range, () => `>= ${from}, <= ${to} `);
  }
  return rewritten;
};

/** Go's `semver.NewConstraint` (Masterminds 3.5.0), limits included. */
export const parseConstraint = (text: string): ParsedConstraint => {
  if (Buffer.byteLength(text) > MAX_CONSTRAINT_BYTES) {
    return { problem: `constraint is longer than ${MAX_CONSTRAINT_BYTES} bytes` };
  }
  const alternatives = rewriteHyphenRanges(text).split("||");
  if (alternatives.length > MAX_GROUPS) {
    return { problem: `constraint has more than ${MAX_GROUPS} alternatives` };
  }
  const groups: Group[] = [];
  for (const alternative of alternatives) {
    const group = parseGroup(alternative);
    if (group === undefined) return { problem: `improper constraint: ${JSON.stringify(alternative)}` };
    groups.push(group);
  }
  return { constraint: { groups } };
};

const holds = (group: Group, version: Version): boolean => {
  if (version.pre !== "" && !group.prereleases) return false;
  for (const { operator, term } of group.comparisons) if (!operator(version, term)) return false;
  return true;
};

/** Go's `Constraints.Check`. */
export const checkConstraint = ({ groups }: Constraint, version: Version): boolean => {
  for (const group of groups) if (holds(group, version)) return true;
  return false;
};
