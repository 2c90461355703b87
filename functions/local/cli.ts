import manifest from "../../package.json" with { type: "json" };
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
import type { CliIo, CliOutput, Register } from "../../shared/cli/io.ts";
import { wantsColor } from "../../shared/cli/paint.ts";
import { runCli } from "../../shared/cli/run.ts";
import { explainReference, openDecisions, openDeliveries, rollBackObject } from "./inspect.ts";
import { createNotifyPorts } from "./notify-ports.ts";
import { createLoadClusters, createPolicyPorts } from "./policy-ports.ts";
import { createVerifyPorts } from "./verify-ports.ts";

const policy = createPolicyPorts(process.env);

/** Every command of `sluice`, in the order of its help. */
const COMMANDS: readonly Register[] = [
  // The web server and the playground are loaded only to serve.
  createServeCommand(async (io, request) => (await import("./serve.ts")).serve(io, request)),
  createExplainCommand(explainReference),
  createDecisionsCommand(openDecisions),
  createDeliveriesCommand(openDeliveries),
  createRollbackCommand(rollBackObject),
  createVerifyCommand(createVerifyPorts(process.env)),
  createInitCommand(policy),
  createPlanCommand(policy),
  createLintCommand(policy),
  createCompileCommand(policy),
  createReceiversCommand(createLoadClusters(process.env)),
  createNotifyCommand(createNotifyPorts(process.env)),
  registerParse,
  registerSources,
  registerSelect,
];

const toOutput = (stream: NodeJS.WriteStream): CliOutput => {
  // The reader may leave early (`sluice … | head`); what is left has nowhere to go.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  return {
    write: (text) => {
      stream.write(text);
    },
    ready: () =>
      stream.writableNeedDrain
        ? new Promise((resolve) => stream.once("drain", () => resolve()))
        : Promise.resolve(),
  };
};

const createProcessIo = (argv: readonly string[]): CliIo => {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return {
    stdout: toOutput(process.stdout),
    stderr: toOutput(process.stderr),
    stdin: () => process.stdin,
    env: process.env,
    cwd: process.cwd(),
    nowMs: Date.now,
    color: wantsColor({ env: process.env, isTty: process.stdout.isTTY === true, argv }),
    // A terminal that does not know its width says 0.
    columns: process.stdout.columns || undefined,
    interactive: process.stdout.isTTY === true,
    signal: stopped.signal,
  };
};

/** Runs the command line of this process. */
export const main = async (): Promise<void> => {
  const argv = process.argv.slice(2);
  process.exitCode = await runCli({
    argv,
    io: createProcessIo(argv),
    version: manifest.version,
    commands: COMMANDS,
  });
};
