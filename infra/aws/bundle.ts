import { join } from "node:path";
import { bundleFunction } from "../bundle.ts";
import { layOut } from "../deployment.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Each is deployed on its own, with its own role. */
export const FUNCTIONS = ["intake", "evaluate", "deliver", "sweep"] as const;

/** One folder for each function: `index.mjs`, its source map, and what the deployment's folder holds. */
export const bundleFunctions = async (configFolder: string, outFolder: string): Promise<void> => {
  for (const name of FUNCTIONS) {
    const folder = join(outFolder, name);
    await layOut(configFolder, folder);
    const input = join(ROOT, "functions/aws", `${name}.ts`);
    await bundleFunction({ input, folder, file: "index.mjs", external: [] });
  }
};
