import type { Selector } from "../ports.ts";
import { compileGoRegexp, type GoRegexp } from "./go-regexp.ts";
import { type CompiledOrder, compileOrder, type Entry } from "./image-policy-order.ts";
import {
  ACCEPTED,
  type CompiledSelector,
  refuse,
  type Selection,
  toNone,
  toRefusingSelector,
} from "./selection.ts";

type ImagePolicySelector = Extract<Selector, { kind: "image-policy" }>;

interface Parts {
  readonly exclusions: readonly GoRegexp[];
  readonly filter: GoRegexp | undefined;
  /** Empty: the whole tag is what gets ordered. */
  readonly extract: string;
  readonly order: CompiledOrder;
}

const isExcluded = (tag: string, { exclusions }: Parts): boolean => {
  for (const exclusion of exclusions) if (exclusion.test(tag)) return true;
  return false;
};

/** What is ordered in place of the tag; undefined when the filter leaves it out. */
const toKey = (tag: string, { filter, extract }: Parts): string | undefined => {
  if (filter === undefined) return tag;
  if (extract === "") return filter.test(tag) ? tag : undefined;
  return filter.expand(tag, extract);
};

/**
 * The controller stores its tags in descending order and lets the last one written keep a key, so of several
 * tags with one extract the smallest is taken: that is known, though it is reported as a tie.
 */
const toEntries = (tags: Iterable<string>, parts: Parts): Entry[] => {
  const byKey = new Map<string, { tag: string; tied: Set<string> | undefined }>();
  for (const tag of tags) {
    if (isExcluded(tag, parts)) continue;
    const key = toKey(tag, parts);
    if (key === undefined) continue;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { tag, tied: undefined });
    else if (known.tag !== tag) {
      known.tied ??= new Set([known.tag]);
      known.tied.add(tag);
      if (tag < known.tag) known.tag = tag;
    }
  }
  return Array.from(byKey, ([key, { tag, tied }]) => ({ key, tag, collisions: tied }));
};

const toSelector = (parts: Parts): CompiledSelector => {
  const { order } = parts;
  const keyOf = (tag: string): string | undefined => (isExcluded(tag, parts) ? undefined : toKey(tag, parts));
  const rank = (tag: string): string | undefined => {
    const key = keyOf(tag);
    return key !== undefined && order.refusal(key) === undefined ? key : undefined;
  };
  return {
    accepts: (tag) => {
      if (isExcluded(tag, parts)) return refuse("excluded");
      const key = toKey(tag, parts);
      if (key === undefined) return refuse("filtered-out");
      const refusal = order.refusal(key);
      return refusal === undefined ? ACCEPTED : refuse(refusal);
    },
    compare: (a, b) => {
      const left = rank(a);
      const right = rank(b);
      if (left !== undefined && right !== undefined) return order.compare(left, right);
      return Number(left !== undefined) - Number(right !== undefined);
    },
    pick: (tags, current): Selection => {
      const entries = toEntries(tags, parts);
      return entries.length === 0 ? toNone("no-match") : order.pick(entries, current);
    },
  };
};

/** `ImagePolicy` over what its `ImageRepository` scans. */
export const compileImagePolicy = (selector: ImagePolicySelector): CompiledSelector => {
  const exclusions: GoRegexp[] = [];
  for (const pattern of selector.exclusions) {
    const compiled = compileGoRegexp(pattern);
    if ("problem" in compiled) return toRefusingSelector("exclusion-invalid", compiled.problem);
    exclusions.push(compiled.regexp);
  }
  const filter = selector.filter === undefined ? undefined : compileGoRegexp(selector.filter.pattern ?? "");
  if (filter !== undefined && "problem" in filter)
    return toRefusingSelector("filter-invalid", filter.problem);
  const order = compileOrder(selector.order, selector.filter === undefined);
  if ("problem" in order) return toRefusingSelector("range-invalid", order.problem);
  return toSelector({ exclusions, filter: filter?.regexp, extract: selector.filter?.extract ?? "", order });
};
