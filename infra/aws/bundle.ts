import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CHECKED_CONFIG } from "../../functions/common/bundle-config.ts";
import type { ConfigInput } from "../../shared/config/schema.ts";
import { toConfig } from "../../shared/config/to-config.ts";
import { bundleFunction } from "../bundle.ts";
import { layOut } from "../deployment.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Each is deployed on its own, with its own role. */
export const FUNCTIONS = ["intake", "evaluate", "deliver", "sweep", "inputs"] as const;

/** What serverless.yml has the API hand to `inputs`. */
const INPUTS_PATH = /^\/clusters\/[^/]+\/inputs$/;

/** Throws one line for inputs that nobody could ask for: at another path the API asks intake. */
const checkInputs = async (folder: string): Promise<void> => {
  const checked = JSON.parse(await readFile(join(folder, CHECKED_CONFIG), "utf8")) as ConfigInput;
  for (const { name, inputs } of toConfig(checked, folder).clusters) {
    if (inputs === undefined || INPUTS_PATH.test(inputs.path)) continue;
    const path = `clusters[${name}].inputs.path`;
    throw new Error(
      `${path}: on AWS it is /clusters/<name>/inputs, as serverless.yml routes it; leave it out`,
    );
  }
};

/** One folder for each function: `index.mjs`, its source map, and what the deployment's folder holds. */
export const bundleFunctions = async (configFolder: string, outFolder: string): Promise<void> => {
  for (const name of FUNCTIONS) {
    const folder = join(outFolder, name);
    await layOut(configFolder, folder);
    if (name === "inputs") await checkInputs(folder);
    const input = join(ROOT, "functions/aws", `${name}.ts`);
    await bundleFunction({ input, folder, file: "index.mjs", external: [] });
  }
};
