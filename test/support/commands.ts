import { createKeyPair } from "../../functions/local/playground/sigstore/keys.ts";
import { createCompileCommand } from "../../shared/cli/commands/compile.ts";
import { createDecisionsCommand } from "../../shared/cli/commands/decisions.ts";
import { createDeliveriesCommand } from "../../shared/cli/commands/deliveries.ts";
import { createExplainCommand } from "../../shared/cli/commands/explain.ts";
import { createInitCommand } from "../../shared/cli/commands/init.ts";
import { createLintCommand } from "../../shared/cli/commands/lint.ts";
import { createNotifyCommand } from "../../shared/cli/commands/notify.ts";
import { registerParse } from "../../shared/cli/commands/parse.ts";
import { createPlanCommand } from "../../shared/cli/commands/plan.ts";
import { createReceiversCommand } from "../../shared/cli/commands/receivers.ts";
import { createRollbackCommand } from "../../shared/cli/commands/rollback.ts";
import { registerSelect } from "../../shared/cli/commands/select.ts";
import { createServeCommand } from "../../shared/cli/commands/serve.ts";
import { registerSources } from "../../shared/cli/commands/sources.ts";
import { createVerifyCommand } from "../../shared/cli/commands/verify.ts";
import type { Register } from "../../shared/cli/io.ts";
import { PipelineError } from "../../shared/errors.ts";

/** Everything outside the command line is out of reach: what is wrong with the words shows before that. */
const outOfReach = async (): Promise<never> => {
  throw new PipelineError("out of reach", { code: "REGISTRY_UNAVAILABLE" });
};
const policy = {
  loadPolicy: outOfReach,
  loadManifests: outOfReach,
  writeFile: outOfReach,
  openRegistry: () => {
    throw new Error("not asked");
  },
};
/** Every command, over a world that cannot be reached. */
export const COMMANDS: readonly Register[] = [
  createServeCommand(outOfReach),
  createExplainCommand(outOfReach),
  createDecisionsCommand(outOfReach),
  createDeliveriesCommand(outOfReach),
  createRollbackCommand(outOfReach),
  createVerifyCommand({
    openRegistry: outOfReach,
    readFile: async () => new TextEncoder().encode(createKeyPair("p256").publicPem),
    createVerifier: () => ({ verify: outOfReach }),
  }),
  createInitCommand(policy),
  createPlanCommand(policy),
  createLintCommand(policy),
  createCompileCommand(policy),
  createReceiversCommand(outOfReach),
  createNotifyCommand({ readSecret: outOfReach, post: outOfReach, sleep: outOfReach }),
  registerParse,
  registerSources,
  registerSelect,
];
