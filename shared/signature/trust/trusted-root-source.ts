import { PipelineError } from "../../errors.ts";
import type { TrustedRootSource } from "../../ports.ts";

/**
 * Trusted roots that are at hand as bytes: private instances by name, and the default, which is the shipped
 * public-good root unless another is given. Needs no network.
 */
export const createFixedRoots = (
  fallback: Uint8Array,
  named: ReadonlyMap<string, Uint8Array> = new Map(),
): TrustedRootSource => ({
  async read(name) {
    const bytes = name === undefined ? fallback : named.get(name);
    if (bytes !== undefined) return bytes;
    throw new PipelineError(`no trusted root is named ${name}`, { code: "TRUST_ROOT_INVALID" });
  },
});
