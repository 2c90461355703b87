import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleFunction } from "../../../infra/bundle.ts";

/**
 * The program of `test/bench/child` that stands in for a platform's runtime, as plain JavaScript in one file: what Node
 * takes to strip its types (some 45 ms) would stand in every column, and flatter every ratio.
 */
export const bundleStandIn = async (
  name: string,
  folder: string,
  external: readonly string[] = [],
): Promise<string> => {
  const input = fileURLToPath(new URL(`../child/${name}.ts`, import.meta.url));
  const file = `${name}.mjs`;
  await bundleFunction({ input, folder, file, external });
  return join(folder, file);
};
