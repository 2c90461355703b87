import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import type { Config } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * sluice.yaml of a function: the file that SLUICE_CONFIG names, else `sluice.yaml` beside the bundle. What the file
 * names is relative to it. Throws `CONFIG_INVALID`.
 */
export const readBundleConfig = async (env: Environment, bundleFolder: string): Promise<Config> => {
  const { text, file, baseFolder } = await readConfigText(env.SLUICE_CONFIG ?? "sluice.yaml", bundleFolder);
  return parseConfig(text, { file, baseFolder });
};
