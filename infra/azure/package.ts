import { cp, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";
import { layOut } from "../deployment.ts";

const root = join(import.meta.dirname, "../..");

/**
 * Function apps and what runs in each. An app has one identity, so what may be reached from outside, what reads
 * registries and what holds receivers' secrets are three.
 */
export const APPS = {
  intake: ["intake"],
  evaluate: ["evaluate", "sweep"],
  deliver: ["deliver"],
} as const;

export type AppName = keyof typeof APPS;

/** Brought by the Functions worker itself; no package of this name exists. */
const INJECTED = "@azure/functions-core";
/** Reads clusters by kubeconfig, which a function has none of. */
const NEVER_LOADED = "@kubernetes/client-node";

const bundle = async (names: readonly string[], folder: string): Promise<void> => {
  const built = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, join(root, "functions/azure", `${name}.ts`)])),
    platform: "node",
    external: [INJECTED, NEVER_LOADED],
    treeshake: true,
    logLevel: "warn",
  });
  await built.write({
    dir: folder,
    format: "esm",
    sourcemap: true,
    minify: false,
    entryFileNames: "[name].mjs",
    chunkFileNames: "chunks/[name]-[hash].mjs",
  });
  await built.close();
};

const toManifest = (app: AppName, version: string): string => {
  const names: readonly string[] = APPS[app];
  const main = names.length === 1 ? `${names[0]}.mjs` : `{${names.join(",")}}.mjs`;
  return `${JSON.stringify({ name: `sluice-${app}`, version, private: true, type: "module", main }, null, 2)}\n`;
};

/** Writes one deployable folder for each app: the bundle, host.json, and all that `configFolder` holds. */
export const packageApps = async (configFolder: string, outFolder: string): Promise<void> => {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  for (const app of Object.keys(APPS) as AppName[]) {
    const folder = join(outFolder, app);
    await layOut(configFolder, folder);
    await bundle(APPS[app], folder);
    await cp(join(import.meta.dirname, "host.json"), join(folder, "host.json"));
    await writeFile(join(folder, "package.json"), toManifest(app, version));
  }
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      config: { type: "string", default: "deployment" },
      out: { type: "string", default: join(root, "dist/azure") },
    },
  });
  await packageApps(resolve(values.config), resolve(values.out));
}
