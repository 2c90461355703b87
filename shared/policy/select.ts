import type { Selector } from "../ports.ts";
import { compileTag, DIGEST_SELECTOR } from "./select-fixed.ts";
import { compileImagePolicy } from "./select-image-policy.ts";
import { compileSemver } from "./select-semver.ts";
import type { CompiledSelector } from "./selection.ts";

/**
 * Prepares a selector for many tags. Never throws: what Flux would refuse (a bad range, a bad pattern) accepts
 * no tag and says so in `problem`.
 */
export const compileSelector = (selector: Selector): CompiledSelector => {
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
