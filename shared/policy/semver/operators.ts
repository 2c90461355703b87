import { compareVersions } from "./compare.ts";
import type { Version } from "./version.ts";

/** One comparison of a constraint, its wildcards resolved. */
export interface Term {
  readonly version: Version;
  /** Something was left out or written as `x`, `X` or `*`. */
  readonly dirty: boolean;
  /** The first thing left out is the minor number. */
  readonly minorDirty: boolean;
  /** The first thing left out is the patch number. */
  readonly patchDirty: boolean;
}

export type Operator = (version: Version, term: Term) => boolean;

const isZero = ({ major, minor, patch }: Version): boolean => major === 0 && minor === 0 && patch === 0;

const equals: Operator = (version, term) => compareVersions(version, term.version) === 0;

const notEqual: Operator = (version, term) => {
  const bound = term.version;
  if (!term.dirty) return !equals(version, term);
  if (version.major !== bound.major) return true;
  if (term.minorDirty) return false;
  if (version.minor !== bound.minor) return true;
  if (term.patchDirty) return version.pre !== bound.pre;
  // `!=*`: the wildcard stands for 0.0.0 here, so it refuses that one version alone.
  return version.patch !== bound.patch || !equals(version, term);
};

const greater: Operator = (version, term) => {
  const bound = term.version;
  if (!term.dirty) return compareVersions(version, bound) > 0;
  if (version.major !== bound.major) return version.major > bound.major;
  // `>11` asks for 12 and up, `>11.1` for 11.2 and up.
  if (term.minorDirty) return false;
  if (term.patchDirty) return version.minor > bound.minor;
  return compareVersions(version, bound) > 0;
};

const less: Operator = (version, term) => compareVersions(version, term.version) < 0;

const atLeast: Operator = (version, term) => compareVersions(version, term.version) >= 0;

const atMost: Operator = (version, term) => {
  const bound = term.version;
  if (!term.dirty) return compareVersions(version, bound) <= 0;
  if (version.major !== bound.major) return version.major < bound.major;
  return term.minorDirty || version.minor <= bound.minor;
};

const tilde: Operator = (version, term) => {
  const bound = term.version;
  if (compareVersions(version, bound) < 0) return false;
  // `~*` and `~0.0.0` alike: everything from there up.
  if (isZero(bound) && !term.minorDirty && !term.patchDirty) return true;
  if (version.major !== bound.major) return false;
  return term.minorDirty || version.minor === bound.minor;
};

const tildeOrEqual: Operator = (version, term) => (term.dirty ? tilde(version, term) : equals(version, term));

const caret: Operator = (version, term) => {
  const bound = term.version;
  if (compareVersions(version, bound) < 0) return false;
  if (bound.major > 0 || term.minorDirty) return version.major === bound.major;
  if (version.major > 0) return false;
  if (bound.minor > 0 || term.patchDirty) return version.minor === bound.minor;
  // ^0.0.z takes that patch alone; so does `^*`, which is ^0.0.0.
  return version.minor === 0 && version.patch === bound.patch;
};

export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["", tildeOrEqual],
  ["=", tildeOrEqual],
  ["!=", notEqual],
  [">", greater],
  ["<", less],
  [">=", atLeast],
  ["=>", atLeast],
  ["<=", atMost],
  ["=<", atMost],
  ["~", tilde],
  ["~>", tilde],
  ["^", caret],
]);
