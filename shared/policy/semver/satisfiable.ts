import { type Constraint, checkConstraint } from "./constraint.ts";
import type { Segment, Version } from "./version.ts";

const MAX_UINT64 = 18_446_744_073_709_551_615n;
/** The least identifier that a prerelease can have. */
const LEAST = "0";

const next = (segment: Segment): Segment | undefined => {
  const value = BigInt(segment) + 1n;
  if (value > MAX_UINT64) return undefined;
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
};

/** The release and the least prerelease of one core; none where a number does not fit any more. */
const cores = (
  major: Segment | undefined,
  minor: Segment | undefined,
  patch: Segment | undefined,
): Version[] =>
  major === undefined || minor === undefined || patch === undefined
    ? []
    : [
        { major, minor, patch, pre: "" },
        { major, minor, patch, pre: LEAST },
      ];

/** Where what a comparison with `bound` takes can begin: at it, right behind it, or with the next core. */
const startsAt = (bound: Version): readonly Version[] => {
  const { major, minor, patch, pre } = bound;
  return [
    bound,
    ...(pre === "" ? [] : [{ ...bound, pre: `${pre}.${LEAST}` }]),
    ...cores(major, minor, patch),
    ...cores(major, minor, next(patch)),
    ...cores(major, next(minor), 0),
    ...cores(next(major), 0, 0),
  ];
};

/**
 * Whether any version at all satisfies the constraint. What its comparisons take together, if anything, begins where
 * one of them begins, so trying those versions decides it.
 */
export const isSatisfiable = (constraint: Constraint): boolean => {
  const bounds = constraint.groups.flatMap(({ comparisons }) => comparisons.map(({ term }) => term.version));
  const candidates = (function* () {
    yield* cores(0, 0, 0);
    for (const bound of bounds) yield* startsAt(bound);
  })();
  for (const version of candidates) if (checkConstraint(constraint, version)) return true;
  return false;
};
