import { existsSync } from "node:fs";
import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import type { DecisionReader, OpenDecisions } from "../../shared/cli/commands/decisions.ts";
import type { Explain } from "../../shared/cli/commands/explain.ts";
import type { RollBack } from "../../shared/cli/commands/rollback.ts";
import type { CliIo } from "../../shared/cli/io.ts";
import type { Config } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { PipelineDeps } from "../../shared/pipeline/deps.ts";
import { explain } from "../../shared/pipeline/explain.ts";
import { rollBack } from "../../shared/pipeline/rollback.ts";
import { wire } from "./wire.ts";

const readConfig = async (io: CliIo, path: string): Promise<Config> => {
  const { text, file, baseFolder } = await readConfigText(path, io.cwd);
  return parseConfig(text, { file, baseFolder });
};

const requireState = ({ state }: Config): void => {
  if (existsSync(state.path)) return;
  const message = `${state.path}: no state yet; start \`sluice serve\` with this configuration first`;
  throw new PipelineError(message, { code: "STATE_UNAVAILABLE" });
};

/** Reads the decision records beside a running `serve`. */
export const openDecisions: OpenDecisions = async (io, configPath): Promise<DecisionReader> => {
  const config = await readConfig(io, configPath);
  const { state } = config;
  requireState(config);
  const database = openDatabase(state.path);
  const store = createSqliteStateStore(database, { nowMs: io.nowMs });
  return { records: (query) => store.records(query), close: () => database.close() };
};

/** Wires everything but the workers over a state file. */
const withDeps = async <T>(
  io: CliIo,
  config: Config,
  path: string,
  work: (deps: PipelineDeps) => Promise<T>,
): Promise<T> => {
  const database = openDatabase(path);
  try {
    const wired = await wire(config, { env: io.env, log: () => {} }, database);
    try {
      return await work(wired.deps);
    } finally {
      await wired.close();
    }
  } finally {
    await database.close();
  }
};

/** Over the state as it is; where there is none yet, over an empty one. */
export const explainReference: Explain = async (io, configPath, repository, reference, signal) => {
  const config = await readConfig(io, configPath);
  const path = existsSync(config.state.path) ? config.state.path : ":memory:";
  return withDeps(io, config, path, (deps) => explain(deps, repository, reference, signal));
};

/** Writes to the state beside a running `serve`, which finds what became due. */
export const rollBackObject: RollBack = async (io, { config: configPath, object, to, audit, signal }) => {
  const config = await readConfig(io, configPath);
  requireState(config);
  return withDeps(io, config, config.state.path, (deps) => rollBack(deps, object, to, audit, signal));
};
