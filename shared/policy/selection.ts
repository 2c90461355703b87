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
 * What Flux would take from a list of tags. `ties`: the tags that Flux holds equal, the taken one among them;
 * which one Flux takes may depend on the order it meets them in.
 */
export type Selection =
  | { readonly kind: "picked"; readonly tag: string; readonly ties: readonly string[] }
  | { readonly kind: "none"; readonly reason: "no-match" | "tag-absent" | "digest-pinned" }
  | { readonly kind: "error"; readonly code: SelectorProblemCode; readonly message: string };

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
  pick: () => ({ kind: "error", code, message }),
});

export const toPicked = (tag: string, ties: readonly string[] = []): Selection => ({
  kind: "picked",
  tag,
  ties,
});

export const toNone = (reason: Extract<Selection, { kind: "none" }>["reason"]): Selection => ({
  kind: "none",
  reason,
});
