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
import { explainReference, openDecisions, openDeliveries, rollBackObject } from "./inspect.ts";
import { createNotifyPorts } from "./notify-ports.ts";
import { createLoadClusters, createPolicyPorts } from "./policy-ports.ts";
import { createVerifyPorts } from "./verify-ports.ts";

/** Every command of `sluice`, in the order of its help. */
export const createCommands = (env: Readonly<Record<string, string | undefined>>): readonly Register[] => {
  const policy = createPolicyPorts(env);
  return [
    // The web server and the playground are loaded only to serve.
    createServeCommand(async (io, request) => (await import("./serve.ts")).serve(io, request)),
    createExplainCommand(explainReference),
    createDecisionsCommand(openDecisions),
    createDeliveriesCommand(openDeliveries),
    createRollbackCommand(rollBackObject),
    createVerifyCommand(createVerifyPorts(env)),
    createInitCommand(policy),
    createPlanCommand(policy),
    createLintCommand(policy),
    createCompileCommand(policy),
    createReceiversCommand(createLoadClusters(env)),
    createNotifyCommand(createNotifyPorts(env)),
    registerParse,
    registerSources,
    registerSelect,
  ];
};
