import { join } from "node:path";
import { parseEcrHost } from "../../shared/adapters/aws/ecr/host.ts";
import { bundleFunction } from "../bundle.ts";
import { type CheckDeployed, layOut } from "../deployment.ts";
import { checkPolicyReach } from "../policy-reach.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Each is deployed on its own, with its own role. */
export const FUNCTIONS = ["intake", "evaluate", "deliver", "sweep", "inputs"] as const;

/** What serverless.yml has the API hand to `inputs`. */
const INPUTS_PATH = /^\/clusters\/[^/]+\/inputs$/;

/** Throws one line for inputs that nobody could ask for: at another path the API asks intake. */
const checkInputs: CheckDeployed = ({ clusters }) => {
  for (const { name, inputs } of clusters) {
    if (inputs === undefined || INPUTS_PATH.test(inputs.path)) continue;
    const path = `clusters[${name}].inputs.path`;
    throw new Error(
      `${path}: on AWS it is /clusters/<name>/inputs, as serverless.yml routes it; leave it out`,
    );
  }
};

/** Throws one line for what sluice.yaml asks of these functions in vain. */
export const checkOnAws: CheckDeployed = (config) => {
  checkInputs(config);
  checkPolicyReach(config, {
    name: "AWS",
    asksForLogin: (host) => parseEcrHost(host)?.kind === "private",
    object: "s3://BUCKET/catalog.json",
  });
};

/** One folder for each function: `index.mjs`, its source map, and what the deployment's folder holds. */
export const bundleFunctions = async (configFolder: string, outFolder: string): Promise<void> => {
  for (const name of FUNCTIONS) {
    const folder = join(outFolder, name);
    await layOut(configFolder, folder, checkOnAws);
    const input = join(ROOT, "functions/aws", `${name}.ts`);
    await bundleFunction({ input, folder, file: "index.mjs", external: [] });
  }
};
