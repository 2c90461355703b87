import { cp, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Throws one line for a folder that holds no sluice.yaml. */
const requireConfig = async (folder: string): Promise<void> => {
  const found = await stat(join(folder, "sluice.yaml")).catch(() => undefined);
  if (found?.isFile() === true) return;
  throw new Error(`${folder}: no sluice.yaml; --config names the folder that holds it`);
};

/**
 * Makes `folder` anew with all that the deployment's folder holds: sluice.yaml, and what it names by relative paths
 * (the compiled catalog, keys, trusted roots).
 */
export const layOut = async (configFolder: string, folder: string): Promise<void> => {
  await requireConfig(configFolder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(configFolder, folder, { recursive: true });
};
