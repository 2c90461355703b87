import type { Digest } from "../artifact/digest.ts";

/** Why the object itself could not select anything; Flux refuses such an object too. */
export type SelectorProblemCode =
  | "range-invalid"
  | "filter-invalid"
  | "exclusion-invalid"
  /** Numerical order: one tag that is no number fails the whole policy. */
  | "not-a-number";

/** Why a tag does not count for this selector. */
export type TagRefusal =
  | SelectorProblemCode
  | "digest-pinned"
  | "other-tag"
  | "filtered-out"
  | "excluded"
  | "not-a-version"
  | "outside-range";

export type Acceptance =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: TagRefusal };

export interface SelectorProblem {
  readonly code: SelectorProblemCode;
  readonly message: string;
}

/**
 * What Flux would take from a list of tags. `tie`: several tags that Flux holds equal, the taken one among them;
 * which one Flux takes may depend on the order it meets them in.
 */
export type Selection =
  | { readonly tag: string; readonly tie?: readonly string[] }
  | { readonly digest: Digest }
  | { readonly none: "no-match" | "tag-absent" }
  | { readonly error: SelectorProblemCode; readonly message: string };

export interface CompiledSelector {
  /** Set when Flux would refuse the object whatever the tags are. */
  readonly problem?: SelectorProblem;
  accepts(tag: string): Acceptance;
  /** Positive when Flux prefers `a`. Tags that are not accepted sort below those that are. */
  compare(a: string, b: string): number;
  /** `current` settles a tie that Flux leaves open: what is already taken stays. */
  pick(tags: Iterable<string>, current?: string): Selection;
}

export const ACCEPTED: Acceptance = { accepted: true };

export const refuse = (reason: TagRefusal): Acceptance => ({ accepted: false, reason });

/** A selector that Flux would refuse: nothing is accepted, every pick answers with the problem. */
export const toRefusingSelector = (code: SelectorProblemCode, message: string): CompiledSelector => ({
  problem: { code, message },
  accepts: () => refuse(code),
  compare: () => 0,
  pick: () => ({ error: code, message }),
});

/** Settles a tie: what is already taken if it is among them, else `preferred`. */
export const toSelection = (
  preferred: string,
  tied: ReadonlySet<string> | undefined,
  current: string | undefined,
): Selection => {
  if (tied === undefined || tied.size < 2) return { tag: preferred };
  const tag = current !== undefined && tied.has(current) ? current : preferred;
  return { tag, tie: [...tied] };
};
