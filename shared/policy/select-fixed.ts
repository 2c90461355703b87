import { ACCEPTED, type CompiledSelector, refuse, toNone, toPicked } from "./selection.ts";

/** `ref.digest`: no tag matters. */
export const DIGEST_SELECTOR: CompiledSelector = {
  accepts: () => refuse("digest-pinned"),
  compare: () => 0,
  pick: () => toNone("digest-pinned"),
};

const contains = (tags: Iterable<string>, wanted: string): boolean => {
  for (const tag of tags) if (tag === wanted) return true;
  return false;
};

/** One tag by name; Flux asks the registry for it without listing. */
export const compileTag = (tag: string): CompiledSelector => ({
  accepts: (candidate) => (candidate === tag ? ACCEPTED : refuse("other-tag")),
  compare: (a, b) => Number(a === tag) - Number(b === tag),
  pick: (tags) => (contains(tags, tag) ? toPicked(tag) : toNone("tag-absent")),
});
