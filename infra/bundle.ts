import { rolldown } from "rolldown";

export interface BundleOptions {
  /** The function's module. */
  readonly input: string;
  readonly folder: string;
  readonly file: string;
  /** What the platform itself brings. */
  readonly external: readonly string[];
}

/** Reads clusters by kubeconfig, which a function has none of. */
const NEVER_LOADED = "@kubernetes/client-node";

/** One file for one function, with its source map beside it: nothing is installed beside it that could differ. */
export const bundleFunction = async ({ input, folder, file, external }: BundleOptions): Promise<void> => {
  const built = await rolldown({
    input,
    platform: "node",
    external: [...external, NEVER_LOADED],
    logLevel: "warn",
  });
  await built.write({
    dir: folder,
    format: "esm",
    sourcemap: true,
    minify: true,
    codeSplitting: false,
    entryFileNames: file,
  });
  await built.close();
};
