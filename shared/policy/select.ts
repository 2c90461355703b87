import type { Selector } from "../ports.ts";
import { compileTag, DIGEST_SELECTOR } from "./select-fixed.ts";
import { compileImagePolicy } from "./select-image-policy.ts";
import { compileSemver } from "./select-semver.ts";
import type { CompiledSelector } from "./selection.ts";

const compile = (selector: Selector): CompiledSelector => {
  switch (selector.kind) {
    case "digest":
      return DIGEST_SELECTOR;
    case "tag":
      return compileTag(selector.tag);
    case "semver":
      return compileSemver(selector);
    case "image-policy":
      return compileImagePolicy(selector);
  }
};

/** For as long as the selector itself lives, which is as long as its catalog is in use. */
const compiled = new WeakMap<Selector, CompiledSelector>();

/**
 * Prepares a selector for many tags, once. Never throws: what Flux would refuse (a bad range, a bad pattern)
 * accepts no tag and says so in `problem`.
 */
export const compileSelector = (selector: Selector): CompiledSelector => {
  const known = compiled.get(selector);
  if (known !== undefined) return known;
  const fresh = compile(selector);
  compiled.set(selector, fresh);
  return fresh;
};
