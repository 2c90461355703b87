import { readFile } from "node:fs/promises";
import { PipelineError } from "../../../shared/errors.ts";
import type { TrustedRootSource } from "../../../shared/ports.ts";
import { publicGoodRoot } from "../../../shared/signature/trust/public-good-root.ts";

/**
 * Trusted roots by name: sluice.yaml's files, then those that manifests carry, then the one that ships. The same
 * bytes object for the same content, so that the verifier parses each root once.
 */
export const createTrustedRoots = (
  files: ReadonlyMap<string, string>,
  fromCatalog: (name: string) => string | undefined,
): TrustedRootSource => {
  const known = new Map<string, { readonly text: string; readonly bytes: Uint8Array }>();
  const same = (name: string, text: string): Uint8Array => {
    const before = known.get(name);
    if (before?.text === text) return before.bytes;
    const bytes = new TextEncoder().encode(text);
    known.set(name, { text, bytes });
    return bytes;
  };
  const readRoot = async (name: string, path: string): Promise<Uint8Array> => {
    try {
      return same(name, await readFile(path, "utf8"));
    } catch (cause) {
      const message = `trusted root ${name}: ${path} cannot be read`;
      throw new PipelineError(message, { code: "TRUST_ROOT_INVALID", cause });
    }
  };
  return {
    async read(name) {
      const path = files.get(name ?? "default");
      if (path !== undefined) return readRoot(name ?? "default", path);
      if (name === undefined) return publicGoodRoot();
      const text = fromCatalog(name);
      if (text !== undefined) return same(name, text);
      throw new PipelineError(`trusted root ${name} is not known`, { code: "TRUST_ROOT_INVALID" });
    },
  };
};
