import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CHECKED_CONFIG } from "../functions/wiring/bundle-config.ts";
import { checkForCloud } from "../functions/wiring/cloud-config.ts";
import type { Config } from "../shared/config/config.ts";
import { toConfig } from "../shared/config/to-config.ts";
import { parseConfigInput } from "../shared/config.ts";

/** Throws one line for what a cloud's functions cannot do as it is configured. */
export type CheckDeployed = (config: Config) => void;

/** Throws one line for a folder that holds no sluice.yaml, and one for each problem in it. */
const checkConfig = async (folder: string, check: CheckDeployed): Promise<string> => {
  const path = join(folder, "sluice.yaml");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new Error(`${folder}: no sluice.yaml; --config names the folder that holds it`, { cause });
  });
  const input = parseConfigInput(text, path);
  checkForCloud(input);
  check(toConfig(input, folder));
  return JSON.stringify(input);
};

/**
 * Makes `folder` anew with all that the deployment's folder holds: sluice.yaml, checked, and what it names by relative
 * paths (the compiled catalog, keys, trusted roots).
 */
export const layOut = async (
  configFolder: string,
  folder: string,
  check: CheckDeployed = () => {},
): Promise<void> => {
  const checked = await checkConfig(configFolder, check);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(configFolder, folder, { recursive: true });
  await writeFile(join(folder, CHECKED_CONFIG), checked);
};
