import { existsSync } from "node:fs";
import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import type { DecisionReader, OpenDecisions } from "../../shared/cli/commands/decisions.ts";
import type { Explain } from "../../shared/cli/commands/explain.ts";
import type { CliIo } from "../../shared/cli/io.ts";
import type { Config } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import { explain } from "../../shared/pipeline/explain.ts";
import { wire } from "./wire.ts";

const readConfig = async (io: CliIo, path: string): Promise<Config> => {
  const { text, file, baseFolder } = await readConfigText(path, io.cwd);
  return parseConfig(text, { file, baseFolder });
};

/** Reads the decision records beside a running `serve`. */
export const openDecisions: OpenDecisions = async (io, configPath): Promise<DecisionReader> => {
  const { state } = await readConfig(io, configPath);
  if (!existsSync(state.path)) {
    const message = `${state.path}: no state yet; start \`sluice serve\` with this configuration first`;
    throw new PipelineError(message, { code: "STATE_UNAVAILABLE" });
  }
  const database = openDatabase(state.path);
  const store = createSqliteStateStore(database, { nowMs: io.nowMs });
  return { records: (query) => store.records(query), close: () => database.close() };
};

/** Wires everything but the workers, over the state as it is; where there is none yet, over an empty one. */
export const explainReference: Explain = async (io, configPath, repository, reference, signal) => {
  const config = await readConfig(io, configPath);
  const database = openDatabase(existsSync(config.state.path) ? config.state.path : ":memory:");
  try {
    const wired = await wire(config, { env: io.env, log: () => {} }, database);
    try {
      return await explain(wired.deps, repository, reference, signal);
    } finally {
      await wired.close();
    }
  } finally {
    await database.close();
  }
};
