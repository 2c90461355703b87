import { existsSync } from "node:fs";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import { createSqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import { CliError } from "../../shared/cli/cli-error.ts";
import type { Deployment } from "../../shared/cli/deployment.ts";
import type { CliIo } from "../../shared/cli/io.ts";
import type { Config } from "../../shared/config/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { OpenStage, OperatedStage } from "../wiring/operator.ts";
import { withPlaces } from "../wiring/placed-secrets.ts";
import { createMachinePlatform } from "./ambient.ts";
import { createRefreshedRoots } from "./trusted-root-refresh.ts";

/** A cloud's SDKs are loaded only by who asks for that cloud. */
const CLOUDS: Readonly<Partial<Record<Deployment["runtime"], () => Promise<OpenStage>>>> = {
  aws: async () => (await import("../aws/operator.ts")).openStage,
  azure: async () => (await import("../azure/operator.ts")).openStage,
  gcp: async () => (await import("../gcp/operator.ts")).openStage,
};

/** What one machine keeps, beside a running `serve`. `elsewhere` is opened where there is no state yet. */
const openMachine = (io: CliIo, config: Config, elsewhere: string | undefined): OperatedStage => {
  const { path } = config.state;
  const isThere = existsSync(path);
  if (!isThere && elsewhere === undefined) {
    const message = `${path}: no state yet; start \`sluice serve\` with this configuration first`;
    throw new PipelineError(message, { code: "STATE_UNAVAILABLE" });
  }
  const database = openDatabase(isThere ? path : (elsewhere ?? path));
  const platform = withPlaces(createMachinePlatform(io.env, { nowMs: io.nowMs }), config);
  const { clock } = platform;
  const queue = createSqliteWorkQueue(database, clock);
  return {
    ...platform,
    queue,
    state: createSqliteStateStore(database, clock),
    deadLetters: queue.deadLetters,
    toRoots: async (named) => (await createRefreshedRoots(config, named)).trustedRoots,
    close: () => database.close(),
  };
};

/** Opens what the deployment keeps. `readConfig` is asked only where that names it. */
export const openDeployment = async (
  io: CliIo,
  { runtime, stage }: Deployment,
  readConfig: () => Promise<Config>,
  elsewhere?: string,
): Promise<OperatedStage> => {
  if (runtime === "local") return openMachine(io, await readConfig(), elsewhere);
  const load = CLOUDS[runtime];
  if (load === undefined) throw new CliError(`--runtime ${runtime}: not served yet`, { code: "USAGE" });
  const openStage = await load();
  return openStage({ env: io.env, nowMs: io.nowMs, stage });
};
