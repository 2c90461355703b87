import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import type { DecisionReader, OpenDecisions } from "../../shared/cli/commands/decisions.ts";
import type { OpenDeliveries } from "../../shared/cli/commands/deliveries.ts";
import type { Explain } from "../../shared/cli/commands/explain.ts";
import type { RollBack } from "../../shared/cli/commands/rollback.ts";
import type { Deployment } from "../../shared/cli/deployment.ts";
import type { CliIo } from "../../shared/cli/io.ts";
import type { Config } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config.ts";
import type { EvaluateDeps } from "../../shared/pipeline/deps.ts";
import { explain } from "../../shared/pipeline/evaluate/explain.ts";
import { rollBack } from "../../shared/pipeline/evaluate/rollback.ts";
import { openEvaluation } from "../wiring/functions.ts";
import { openDeployment } from "./stages.ts";

const readConfig = async (io: CliIo, path: string): Promise<Config> => {
  const { text, file, baseFolder } = await readConfigText(path, io.cwd);
  return parseConfig(text, { file, baseFolder });
};

/** Reads the decision records beside a running Sluice. */
export const openDecisions: OpenDecisions = async (io, deployment): Promise<DecisionReader> => {
  const { state, close } = await openDeployment(io, deployment, () => readConfig(io, deployment.config));
  return {
    records: (query) => state.records(query),
    dueChecks: (nowMs, limit) => state.dueChecks(nowMs, limit),
    close,
  };
};

/** The outbox and the dead messages beside a running Sluice, which finds what became due. */
export const openDeliveries: OpenDeliveries = async (io, deployment) => {
  const stage = await openDeployment(io, deployment, () => readConfig(io, deployment.config));
  return { ...stage, log: () => {} };
};

/** Wires all that evaluating needs over what a deployment keeps. */
const withDeps = async <T>(
  io: CliIo,
  deployment: Deployment,
  work: (deps: EvaluateDeps) => Promise<T>,
  elsewhere?: string,
): Promise<T> => {
  const config = await readConfig(io, deployment.config);
  const stage = await openDeployment(io, deployment, async () => config, elsewhere);
  try {
    const opened = await openEvaluation(config, { ...stage, log: () => {} });
    try {
      return await work(opened.deps);
    } finally {
      await opened.close();
    }
  } finally {
    await stage.close();
  }
};

/** Over the state as it is; where one machine has none yet, over an empty one. */
export const explainReference: Explain = (io, deployment, repository, reference, signal) =>
  withDeps(io, deployment, (deps) => explain(deps, repository, reference, signal), ":memory:");

/** Writes to the state beside a running Sluice, which finds what became due. */
export const rollBackObject: RollBack = (io, { deployment, object, to, audit, signal }) =>
  withDeps(io, deployment, (deps) => rollBack(deps, object, to, audit, signal));
