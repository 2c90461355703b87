import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { APPS, type AppName, packageApps } from "../../../../infra/azure/package.ts";
import { answers, type RunningServer } from "../../world/process.ts";
import { freePort, type World } from "../../world/world.ts";

const HOST = join(import.meta.dirname, "../../../support/azure-functions/host.ts");
const CLOCK_AHEAD = join(import.meta.dirname, "../../world/clock-ahead.ts");
/** Preloaded where Azure's names are looked up. */
export const NAMES = join(import.meta.dirname, "names.ts");

export interface RunningApp {
  readonly url: string;
  readonly server: RunningServer;
}

export interface Apps {
  /** `clockAheadMs`: an instance that runs that much later than now. */
  start(app: AppName, clockAheadMs?: number): Promise<RunningApp>;
}

/** A failed message comes back sooner than in production; everything else of host.json stays as it is. */
const shortenWait = async (folder: string): Promise<void> => {
  const file = join(folder, "host.json");
  const host = JSON.parse(await readFile(file, "utf8")) as {
    readonly extensions: { readonly queues: { visibilityTimeout: string } };
  };
  host.extensions.queues.visibilityTimeout = "00:00:01";
  await writeFile(file, JSON.stringify(host));
};

/** Packages the apps as they are deployed, and starts each in a process of its own. */
export const createApps = async (
  world: World,
  configFolder: string,
  env: Readonly<Record<string, string>>,
  ownEnv: Readonly<Partial<Record<AppName, Readonly<Record<string, string>>>>>,
): Promise<Apps> => {
  const out = join(world.folder, "apps");
  await packageApps(configFolder, out);
  for (const app of APPS) await shortenWait(join(out, app));
  return {
    async start(app, clockAheadMs) {
      const port = await freePort();
      const server = await world.start({
        name: `azure-${app}`,
        file: process.execPath,
        args: [
          `--import=${NAMES}`,
          ...(clockAheadMs === undefined ? [] : [`--import=${CLOCK_AHEAD}`]),
          HOST,
          `--app=${join(out, app)}`,
          `--port=${port}`,
          "--invisible=3",
        ],
        env: { ...env, ...ownEnv[app], CLOCK_AHEAD_MS: String(clockAheadMs ?? 0) },
        isReady: answers(`http://127.0.0.1:${port}/admin/host/status`),
      });
      return { url: `http://127.0.0.1:${port}`, server };
    },
  };
};
