import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { bundleFunction } from "../bundle.ts";
import { layOut } from "../deployment.ts";
import { readScriptArguments, refuseArguments } from "../script-arguments.ts";

const ROOT = join(import.meta.dirname, "../..");
const USAGE = `Bundles the functions for Google Cloud.

  npm run package:gcp -- [--config FOLDER] [--out FOLDER]

  --config FOLDER  holds sluice.yaml and what it names: the catalog that \`sluice compile\` wrote, keys (default: deployment)
  --out FOLDER     where the functions go; what package_folder names in infra/gcp (default: dist/gcp)
`;

export const FUNCTIONS = ["intake", "evaluate", "deliver", "sweep", "inputs"] as const;

/** Installed by Google's build, which runs it: a second copy in the bundle would know nothing of our functions. */
const FRAMEWORK = "@google-cloud/functions-framework";

interface Manifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const toManifest = (name: string, { version, devDependencies }: Manifest): unknown => ({
  name: `sluice-${name}`,
  version,
  private: true,
  type: "module",
  main: "index.js",
  engines: { node: "24" },
  dependencies: { [FRAMEWORK]: devDependencies[FRAMEWORK] },
});

/** One folder for each function: `index.js`, its source map, package.json, and what the deployment's folder holds. */
export const packageFunctions = async (configFolder: string, outFolder: string): Promise<void> => {
  const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Manifest;
  for (const name of FUNCTIONS) {
    const folder = join(outFolder, name);
    await layOut(configFolder, folder);
    const input = join(ROOT, `functions/gcp/${name}.ts`);
    await bundleFunction({ input, folder, file: "index.js", external: [FRAMEWORK] });
    await writeFile(join(folder, "package.json"), `${JSON.stringify(toManifest(name, manifest), null, 2)}\n`);
  }
};

const main = async (): Promise<number> => {
  const { values, positionals } = readScriptArguments(USAGE, {
    config: { type: "string", default: "deployment" },
    out: { type: "string", default: join(ROOT, "dist/gcp") },
  });
  if (positionals.length > 0) return refuseArguments(`unexpected argument ${positionals[0]}`);
  try {
    const out = resolve(values.out);
    await packageFunctions(resolve(values.config), out);
    process.stdout.write(`wrote the functions to ${out}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
};

if (import.meta.main) process.exitCode = await main();
