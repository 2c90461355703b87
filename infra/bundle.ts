import { join } from "node:path";
import { type Plugin, rolldown } from "rolldown";

export interface BundleOptions {
  /** The function's module. */
  readonly input: string;
  readonly folder: string;
  readonly file: string;
  /** What the platform itself brings. */
  readonly external: readonly string[];
}

/** Loaded on demand elsewhere; in one file it would be loaded at each start, or be missing there. */
const withoutClusters: Plugin = {
  name: "without-clusters",
  resolveId: (source) =>
    source.endsWith("/adapters/node/kubernetes-api.ts") ? join(import.meta.dirname, "no-clusters.ts") : null,
};

/**
 * One function with all that it uses, and source maps: nothing is installed beside it that could differ. What it loads
 * on first use is in `chunks/`.
 */
export const bundleFunction = async ({ input, folder, file, external }: BundleOptions): Promise<void> => {
  const built = await rolldown({
    input,
    platform: "node",
    external: [...external],
    plugins: [withoutClusters],
    logLevel: "warn",
  });
  await built.write({
    dir: folder,
    format: "esm",
    sourcemap: true,
    minify: true,
    entryFileNames: file,
    // What is loaded on first use lies beside it: parsing clients that a start does not need would cost that start.
    chunkFileNames: "chunks/[name]-[hash].mjs",
  });
  await built.close();
};
