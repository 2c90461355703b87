import type { Selector } from "../ports.ts";
import { compileGoRegexp, type GoRegexp } from "./go-regexp.ts";
import { compileTag } from "./select-fixed.ts";
import {
  ACCEPTED,
  type CompiledSelector,
  refuse,
  type Selection,
  toNone,
  toPicked,
  toRefusingSelector,
} from "./selection.ts";
import { compareVersions } from "./semver/compare.ts";
import { type Constraint, checkConstraint, parseConstraint } from "./semver/constraint.ts";
import {
  createVersionBuffer,
  parseFluxVersion,
  readFluxVersion,
  readStrictVersion,
  type VersionBuffer,
} from "./semver/version.ts";

type SemverSelector = Extract<Selector, { kind: "semver" }>;
type ReadVersion = (tag: string, buffer: VersionBuffer) => boolean;

/** Tags cannot hold a `+`, so Helm writes `_` there. */
const toHelmVersion = (tag: string): string => (tag.includes("_") ? tag.replaceAll("_", "+") : tag);

const READERS: Readonly<Record<SemverSelector["dialect"], ReadVersion>> = {
  flux: readFluxVersion,
  "helm-oci": (tag, buffer) => readFluxVersion(toHelmVersion(tag), buffer),
  helm: (tag, buffer) => readStrictVersion(toHelmVersion(tag), buffer),
};

interface Parts {
  readonly read: ReadVersion;
  readonly constraint: Constraint;
  readonly filter: GoRegexp | undefined;
}

/** One pass: parse, compare with the best so far, and only what is not below it is checked. */
const pickHighest = (
  tags: Iterable<string>,
  { read, constraint, filter }: Parts,
  current: string | undefined,
): Selection => {
  let candidate = createVersionBuffer();
  let best = createVersionBuffer();
  let bestTag: string | undefined;
  let tied: Set<string> | undefined;
  for (const tag of tags) {
    if (!read(tag, candidate)) continue;
    const order = bestTag === undefined ? 1 : compareVersions(candidate, best);
    if (order < 0 || !checkConstraint(constraint, candidate)) continue;
    if (filter !== undefined && !filter.test(tag)) continue;
    if (order === 0 && bestTag !== undefined) {
      tied ??= new Set([bestTag]);
      tied.add(tag);
      continue;
    }
    [best, candidate] = [candidate, best];
    bestTag = tag;
    tied = undefined;
  }
  if (bestTag === undefined) return toNone("no-match");
  if (tied === undefined || tied.size < 2) return toPicked(bestTag);
  return toPicked(current !== undefined && tied.has(current) ? current : bestTag, [...tied]);
};

const toSelector = (parts: Parts): CompiledSelector => {
  const { read, constraint, filter } = parts;
  const left = createVersionBuffer();
  const right = createVersionBuffer();
  const matches = (tag: string, buffer: VersionBuffer): boolean =>
    read(tag, buffer) && checkConstraint(constraint, buffer) && filter?.test(tag) !== false;
  return {
    accepts: (tag) => {
      if (filter?.test(tag) === false) return refuse("filtered-out");
      if (!read(tag, left)) return refuse("not-a-version");
      return checkConstraint(constraint, left) ? ACCEPTED : refuse("outside-range");
    },
    compare: (a, b) => {
      const accepted = matches(a, left);
      if (accepted !== matches(b, right)) return accepted ? 1 : -1;
      return accepted ? compareVersions(left, right) : 0;
    },
    pick: (tags, current) => pickHighest(tags, parts, current),
  };
};

/** `OCIRepository.spec.ref.semver`, with its filter, and the chart versions of HelmChart and HelmRelease. */
export const compileSemver = (selector: SemverSelector): CompiledSelector => {
  const { range, dialect } = selector;
  // Helm sources take an exact version without looking at the list; the tag is what Helm makes of it.
  if (dialect === "helm" && parseFluxVersion(range) !== undefined) {
    return compileTag(range.replaceAll("+", "_"));
  }
  const filter =
    selector.filter === undefined || selector.filter === "" ? undefined : compileGoRegexp(selector.filter);
  if (filter !== undefined && "problem" in filter)
    return toRefusingSelector("filter-invalid", filter.problem);
  const parsed = parseConstraint(dialect === "helm" && range === "" ? "*" : range);
  if ("problem" in parsed) return toRefusingSelector("range-invalid", parsed.problem);
  return toSelector({ read: READERS[dialect], constraint: parsed.constraint, filter: filter?.regexp });
};
