import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What is deployed as code: the file a start loads and the chunks beside it, without source maps and configuration. */
export const bundleBytes = (folder: string): number => {
  const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.[cm]?js$/.test(path),
  );
  // A wrong folder must not pass for a small bundle.
  if (scripts.length === 0) throw new Error(`no bundle in ${folder}`);
  return scripts.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
};
