import type { Selector } from "../ports.ts";
import { parseGoFloat } from "./go-number.ts";
import { type Selection, type TagRefusal, toNone, toPicked } from "./selection.ts";
import { compareVersions } from "./semver/compare.ts";
import { checkConstraint, parseConstraint } from "./semver/constraint.ts";
import { createVersionBuffer, parseFluxVersion, readFluxVersion } from "./semver/version.ts";

type Order = Extract<Selector, { kind: "image-policy" }>["order"];

/** A tag and what the policy orders in its place. */
export interface Entry {
  readonly key: string;
  readonly tag: string;
  /** All tags with this key, where there are several. */
  readonly collisions: ReadonlySet<string> | undefined;
}

export interface CompiledOrder {
  /** Why this key cannot be taken at all. */
  refusal(key: string): TagRefusal | undefined;
  /** Positive when Flux prefers `a`. */
  compare(a: string, b: string): number;
  /** At least one entry. */
  pick(entries: readonly Entry[], current: string | undefined): Selection;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const toTie = (equals: readonly Entry[]): string[] => [
  ...new Set(equals.flatMap(({ tag, collisions }) => (collisions === undefined ? [tag] : [...collisions]))),
];

/**
 * Without a filter the controller walks its tags in descending order, so its choice among equals is known. With
 * one it walks a Go map, in an order that changes from run to run: then what is taken already stays.
 */
const settle = (
  equals: readonly Entry[],
  preferred: string,
  orderKnown: boolean,
  current: string | undefined,
): Selection => {
  const tie = toTie(equals);
  if (tie.length < 2) return toPicked(preferred);
  const keepsCurrent = !orderKnown && equals.some(({ tag }) => tag === current);
  return toPicked(keepsCurrent && current !== undefined ? current : preferred, tie);
};

const smallestTag = (entries: readonly Entry[]): string =>
  entries.reduce((least, { tag }) => (tag < least ? tag : least), entries[0]?.tag ?? "");

const greatestTag = (entries: readonly Entry[]): string =>
  entries.reduce((most, { tag }) => (tag > most ? tag : most), "");

const compileSemverOrder = (range: string, orderKnown: boolean): CompiledOrder | { problem: string } => {
  const parsed = parseConstraint(range);
  if ("problem" in parsed) return parsed;
  const { constraint } = parsed;
  return {
    refusal: (key) => {
      const version = parseFluxVersion(key);
      if (version === undefined) return "not-a-version";
      return checkConstraint(constraint, version) ? undefined : "outside-range";
    },
    compare: (a, b) => {
      const left = parseFluxVersion(a);
      const right = parseFluxVersion(b);
      return left === undefined || right === undefined ? 0 : compareVersions(left, right);
    },
    pick: (entries, current) => {
      let candidate = createVersionBuffer();
      let best = createVersionBuffer();
      let equals: Entry[] = [];
      for (const entry of entries) {
        if (!readFluxVersion(entry.key, candidate)) continue;
        const order = equals.length === 0 ? 1 : compareVersions(candidate, best);
        if (order < 0 || !checkConstraint(constraint, candidate)) continue;
        if (order === 0) {
          equals.push(entry);
          continue;
        }
        [best, candidate] = [candidate, best];
        equals = [entry];
      }
      // The first of equals stays: in descending order that is the greatest text.
      return equals.length === 0
        ? toNone("no-match")
        : settle(equals, greatestTag(equals), orderKnown, current);
    },
  };
};

const compileAlphabeticalOrder = (descending: boolean): CompiledOrder => {
  const compare = (a: string, b: string): number => (descending ? compareText(b, a) : compareText(a, b));
  return {
    refusal: () => undefined,
    compare,
    pick: (entries) => {
      const best = entries.reduce((most, entry) => (compare(entry.key, most.key) > 0 ? entry : most));
      // Keys differ from each other; only tags that share one are left, and there the order is known.
      return settle([best], best.tag, true, undefined);
    },
  };
};

interface Numbered extends Entry {
  readonly value: number;
}

/** Every comparison with a NaN fails, so whatever comes next replaces it: only the walk itself tells. */
const walk = (entries: readonly Numbered[], better: (a: number, b: number) => boolean): string => {
  let latest: Numbered | undefined;
  for (const entry of entries.toSorted((a, b) => compareText(b.tag, a.tag))) {
    if (latest === undefined || !better(latest.value, entry.value)) latest = entry;
  }
  return latest?.tag ?? "";
};

const compileNumericalOrder = (descending: boolean, orderKnown: boolean): CompiledOrder => {
  const better = (a: number, b: number): boolean => (descending ? a < b : a > b);
  const toValue = (key: string): number => {
    const value = parseGoFloat(key);
    return typeof value === "number" ? value : Number.NaN;
  };
  return {
    refusal: (key) => (typeof parseGoFloat(key) === "number" ? undefined : "not-a-number"),
    compare: (a, b) => {
      const left = toValue(a);
      const right = toValue(b);
      return better(left, right) ? 1 : better(right, left) ? -1 : 0;
    },
    pick: (entries, current) => {
      const numbered: Numbered[] = [];
      for (const entry of entries) {
        const value = parseGoFloat(entry.key);
        if (typeof value !== "number") {
          const message = `tag ${JSON.stringify(entry.tag)} is not a number`;
          return { kind: "error", code: "not-a-number", message };
        }
        numbered.push({ ...entry, value });
      }
      if (numbered.some(({ value }) => Number.isNaN(value))) {
        return settle(numbered, walk(numbered, better), orderKnown, current);
      }
      const best = numbered.reduce((most, entry) => (better(entry.value, most.value) ? entry : most));
      const equals = numbered.filter(({ value }) => value === best.value);
      // The last of equals stays: in descending order that is the smallest text.
      return settle(equals, smallestTag(equals), orderKnown, current);
    },
  };
};

/** `orderKnown`: the policy has no filter, so the controller's own order of tags is the one that counts. */
export const compileOrder = (order: Order, orderKnown: boolean): CompiledOrder | { problem: string } => {
  switch (order.by) {
    case "semver":
      return compileSemverOrder(order.range, orderKnown);
    case "alphabetical":
      return compileAlphabeticalOrder(order.order === "desc");
    case "numerical":
      return compileNumericalOrder(order.order === "desc", orderKnown);
  }
};
