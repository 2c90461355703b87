import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../shared/config/config.ts";
import type { ConfigInput } from "../../shared/config/schema.ts";
import { toConfig } from "../../shared/config/to-config.ts";
import { checkForCloud } from "./cloud-config.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** sluice.yaml as packaging checked it: reading YAML and checking it anew would be a third of a function's start. */
export const CHECKED_CONFIG = "sluice.json";

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && Reflect.get(error, "code") === "ENOENT";

const readChecked = async (folder: string): Promise<Config | undefined> => {
  const text = await readFile(join(folder, CHECKED_CONFIG), "utf8").catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  return text === undefined ? undefined : toConfig(JSON.parse(text) as ConfigInput, folder);
};

const readWritten = async (path: string, folder: string): Promise<Config> => {
  const [{ readConfigText }, { parseConfig }] = await Promise.all([
    import("../../shared/adapters/node/config-file.ts"),
    import("../../shared/config.ts"),
  ]);
  const { text, file, baseFolder } = await readConfigText(path, folder);
  return parseConfig(text, { file, baseFolder });
};

/**
 * The configuration of a function: the file that SLUICE_CONFIG names, else what packaging left beside the bundle, else
 * `sluice.yaml` there. What it names is relative to it. Throws `CONFIG_INVALID`.
 */
export const readBundleConfig = async (env: Environment, bundleFolder: string): Promise<Config> => {
  const { SLUICE_CONFIG: path } = env;
  const checked = path === undefined ? await readChecked(bundleFolder) : undefined;
  const config = checked ?? (await readWritten(path ?? "sluice.yaml", bundleFolder));
  checkForCloud(config);
  return config;
};
