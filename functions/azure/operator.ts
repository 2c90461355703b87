import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createAcrCredentials } from "../../shared/adapters/azure/acr-credentials.ts";
import { openBlobObjects } from "../../shared/adapters/azure/blob-objects.ts";
import { CLI_TIMEOUT_MS, createCliIdentity } from "../../shared/adapters/azure/cli-identity.ts";
import { keepEntraTokens } from "../../shared/adapters/azure/entra-token.ts";
import { openTable } from "../../shared/adapters/azure/open-table.ts";
import { createTableStateStore } from "../../shared/adapters/azure/tables/state-store.ts";
import { PipelineError } from "../../shared/errors.ts";
import { joinDeadLetters, type OpenStage } from "../wiring/operator.ts";
import { QUEUES, STORAGE, TABLES } from "./names.ts";
import { createQueue, createSecrets } from "./runtime.ts";
import { type Environment, readSettings } from "./settings.ts";
import { openDeadLetters } from "./work-trigger.ts";

const AZD_TIMEOUT_MS = 60_000;
const execute = promisify(execFile);

/** What the deployment wrote down about itself, unless the environment says it already. */
const readStage = async (env: Environment, stage: string): Promise<Environment> => {
  if (env[`${STORAGE}__tableServiceUri`] !== undefined) return env;
  try {
    const args = ["env", "get-values", "--environment", stage, "--output", "json"];
    const { stdout } = await execute("azd", args, { env, timeout: AZD_TIMEOUT_MS });
    return { ...env, ...(JSON.parse(stdout) as Environment) };
  } catch (cause) {
    const message = `stage ${stage}: \`azd env get-values --environment ${stage}\` does not work here; run sluice in the folder of azure.yaml, or set ${STORAGE}__tableServiceUri, ${STORAGE}__queueServiceUri and SLUICE_KEY_VAULT_URI`;
    throw new PipelineError(message, { code: "CONFIG_INVALID", cause });
  }
};

/** A stage with the rights of whoever is logged in to `az`. */
export const openStage: OpenStage = async ({ env, nowMs, stage }) => {
  const values = await readStage(env, stage);
  const settings = readSettings({ ...values, SLUICE_STAGE: stage });
  const clock = { nowMs };
  const tokens = keepEntraTokens(createCliIdentity(env), clock, CLI_TIMEOUT_MS);
  const deadLetters = Object.values(QUEUES).map((queue) =>
    openDeadLetters({ settings, tokens, clock }, queue),
  );
  return {
    clock,
    queue: createQueue(settings, tokens),
    state: createTableStateStore(openTable(settings.tableUri, TABLES.state, tokens), clock),
    secrets: createSecrets(env, settings, tokens, clock),
    deadLetters: joinDeadLetters(deadLetters),
    registryCredentials: [createAcrCredentials({ tokens, fetch, clock })],
    objects: openBlobObjects(tokens),
    close: async () => {},
  };
};
