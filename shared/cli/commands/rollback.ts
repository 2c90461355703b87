import type { Command } from "commander";
import type { RollbackAudit, RolledBack } from "../../pipeline/evaluate/rollback.ts";
import { paintOutcome } from "../decision-table.ts";
import { type Deployment, deployedOptions, toDeployment } from "../deployment.ts";
import { type CliIo, type CommandIo, globalOptions, type Register } from "../io.ts";
import { durationOption } from "../options.ts";
import { createPaint } from "../paint.ts";
import { examples } from "../program.ts";
import { formatFacts } from "../table.ts";

export interface RollbackRequest {
  readonly deployment: Deployment;
  readonly object: string;
  readonly to?: string;
  readonly audit: RollbackAudit;
  readonly signal: AbortSignal;
}

/** Lets one object's selection go backwards; a running Sluice tells the receivers. */
export type RollBack = (io: CliIo, request: RollbackRequest) => Promise<RolledBack>;

interface RollbackOptions {
  readonly to?: string;
  readonly reason: string;
  readonly by?: string;
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

const run = async (
  rollBack: RollBack,
  io: CommandIo,
  object: string,
  options: RollbackOptions,
  command: Command,
): Promise<void> => {
  const { json } = globalOptions(command);
  const by = options.by ?? io.env.USER ?? io.env.LOGNAME ?? "unknown";
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(options.timeout ?? DEFAULT_TIMEOUT_MS)]);
  const rolledBack = await rollBack(io, {
    deployment: toDeployment(command),
    object,
    audit: { by, why: options.reason },
    signal,
    ...(options.to === undefined ? {} : { to: options.to }),
  });
  const { from, to, decision } = rolledBack;
  const text = formatFacts(createPaint(io), [
    ["object", object],
    ["from", from?.tag ?? from?.digest],
    ["to", to.tag ?? to.digest],
    ["decision", decision.decisionId],
    ["outcome", paintOutcome(decision, createPaint(io))],
  ]);
  io.stdout.write(json ? `${JSON.stringify(rolledBack)}\n` : text);
  io.exitWith(decision.outcome === "reject" ? 1 : 0);
};

/** `sluice rollback`: a selection never goes backwards by itself; a person may let it. */
export const createRollbackCommand =
  (rollBack: RollBack): Register =>
  (program, io) => {
    deployedOptions(program.command("rollback"))
      .summary("let one object's selection go backwards")
      .description(
        "Sluice never follows a repository backwards by itself, because a tag that vanished may be a registry that flaps. This command lets one object follow what Flux picks from the tags that are there now. The version is verified like any other; who did it and why stands in the decision record.\nExit code 0 done, 1 the version is not verified, 2 refused or could not decide.",
      )
      .argument("<object>", "the object: <cluster>/<Kind>/<namespace>/<name>")
      .requiredOption("--reason <text>", "why; it is recorded")
      .option("--to <tag>", "refuse if Flux would pick anything else")
      .option("--by <name>", "who (default: $USER)")
      .option("--timeout <duration>", "give up after this time (default: 60s)", durationOption)
      .addHelpText(
        "after",
        examples(
          "sluice rollback prod/OCIRepository/apps/app --to 1.4.1 \\",
          "    --reason '1.4.2 leaks memory'",
        ),
      )
      .action((object: string, options: RollbackOptions, command: Command) =>
        run(rollBack, io, object, options, command),
      );
  };
