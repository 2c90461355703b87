import { cp, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isAcrHost } from "../../shared/adapters/azure/acr-credentials.ts";
import { bundleFunction } from "../bundle.ts";
import { type CheckDeployed, layOut } from "../deployment.ts";
import { checkPolicyReach } from "../policy-reach.ts";
import { readScriptArguments, refuseArguments } from "../script-arguments.ts";

const ROOT = join(import.meta.dirname, "../..");

/**
 * Each is an app of its own. An app has one identity, so what may be reached from outside, what reads registries and
 * what holds receivers' tokens are kept apart; and an instance loads only the function that it runs.
 */
export const APPS = ["intake", "evaluate", "deliver", "sweep", "inputs"] as const;

export type AppName = (typeof APPS)[number];

/** Brought by the Functions worker itself; no package of this name exists. */
export const INJECTED = "@azure/functions-core";

const toManifest = (app: AppName, version: string): string => {
  const manifest = { name: `sluice-${app}`, version, private: true, type: "module", main: "index.mjs" };
  return `${JSON.stringify(manifest, null, 2)}\n`;
};

/** Throws one line for what sluice.yaml asks of these functions in vain. */
export const checkOnAzure: CheckDeployed = (config) =>
  checkPolicyReach(config, {
    name: "Azure",
    asksForLogin: isAcrHost,
    object: "https://ACCOUNT.blob.core.windows.net/CONTAINER/catalog.json",
  });

/** One deployable folder for each app: the bundle, host.json, and what the deployment's folder holds. */
export const packageApps = async (configFolder: string, outFolder: string): Promise<void> => {
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
  for (const app of APPS) {
    const folder = join(outFolder, app);
    await layOut(configFolder, folder, checkOnAzure);
    const input = join(ROOT, `functions/azure/${app}.ts`);
    await bundleFunction({ input, folder, file: "index.mjs", external: [INJECTED] });
    await cp(join(import.meta.dirname, "host.json"), join(folder, "host.json"));
    await writeFile(join(folder, "package.json"), toManifest(app, version));
  }
};

const USAGE = `Bundles the functions into one folder for each app, in dist/azure, ready for \`azd deploy\`.

  npm run package:azure -- [--config FOLDER]

  --config FOLDER  holds sluice.yaml and what it names: the catalog that \`sluice compile\` wrote, keys (default: deployment)
`;

const main = async (): Promise<number> => {
  const { values, positionals } = readScriptArguments(USAGE, {
    config: { type: "string", default: "deployment" },
  });
  if (positionals.length > 0) return refuseArguments(`unexpected argument ${positionals[0]}`);
  try {
    const out = join(ROOT, "dist/azure");
    await packageApps(resolve(values.config), out);
    process.stdout.write(`wrote the apps to ${out}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
};

if (import.meta.main) process.exitCode = await main();
