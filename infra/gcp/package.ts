import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleFunction } from "../bundle.ts";

const root = join(import.meta.dirname, "../..");

export const FUNCTIONS = ["intake", "evaluate", "deliver", "sweep"] as const;

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

/** Writes one deployable folder for each function: the bundle, its source map, and all that `configFolder` holds. */
export const packageFunctions = async (configFolder: string, outFolder: string): Promise<void> => {
  await readFile(join(configFolder, "sluice.yaml")).catch((cause: unknown) => {
    throw new Error(`${configFolder}: no sluice.yaml; --config names the folder that holds it`, { cause });
  });
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
  for (const name of FUNCTIONS) {
    const folder = join(outFolder, name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(configFolder, folder, { recursive: true });
    const input = join(root, `functions/gcp/${name}.ts`);
    await bundleFunction({ input, folder, file: "index.js", external: [FRAMEWORK] });
    await writeFile(join(folder, "package.json"), `${JSON.stringify(toManifest(name, manifest), null, 2)}\n`);
  }
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      config: { type: "string", default: "deployment" },
      out: { type: "string", default: join(root, "dist/gcp") },
    },
  });
  await packageFunctions(resolve(values.config), resolve(values.out));
}
