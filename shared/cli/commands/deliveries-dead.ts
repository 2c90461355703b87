import type { Command } from "commander";
import { type DeadFilter, listDead } from "../../pipeline/deliver/deliveries.ts";
import type { DeadLetters } from "../../ports.ts";
import { usageError } from "../cli-error.ts";
import { formatDead } from "../delivery-table.ts";
import { deployedOptions } from "../deployment.ts";
import type { CommandIo } from "../io.ts";
import { durationOption } from "../options.ts";
import { createPaint } from "../paint.ts";
import { examples } from "../program.ts";

interface DeadOptions {
  readonly receiver?: string;
  readonly reason?: string;
  readonly since?: number;
  readonly replay?: boolean;
  readonly all?: boolean;
}

/** Opens the dead messages for one run of the command. */
type WithDead = (
  command: Command,
  work: (opened: { readonly deadLetters: DeadLetters }, json: boolean) => Promise<void>,
) => Promise<void>;

const MAX_DEAD = 10_000;

const toFilter = (
  ids: readonly string[],
  { receiver, reason, since }: DeadOptions,
  nowMs: number,
): DeadFilter => ({
  ...(ids.length === 0 ? {} : { ids }),
  ...(receiver === undefined ? {} : { receiver }),
  ...(reason === undefined ? {} : { reason }),
  ...(since === undefined ? {} : { fromMs: nowMs - since }),
});

const run = (
  io: CommandIo,
  withDead: WithDead,
  ids: readonly string[],
  options: DeadOptions,
  command: Command,
): Promise<void> => {
  const filter = toFilter(ids, options, io.nowMs());
  if (options.replay === true && Object.keys(filter).length === 0 && options.all !== true) {
    throw usageError("say which to replay: their ids, --receiver, --reason, --since, or --all");
  }
  return withDead(command, async ({ deadLetters }, json) => {
    const letters = await listDead(deadLetters, filter, MAX_DEAD);
    if (options.replay === true) {
      const replayed = letters.length === 0 ? 0 : await deadLetters.replay(letters.map(({ id }) => id));
      io.stdout.write(json ? `${JSON.stringify({ replayed })}\n` : `${replayed} back on the queue\n`);
      io.exitWith(replayed === 0 ? 1 : 0);
      return;
    }
    if (json) io.stdout.write(`${JSON.stringify(letters)}\n`);
    else if (letters.length === 0) io.stdout.write("no dead messages\n");
    else io.stdout.write(formatDead(letters, createPaint(io), io.nowMs()));
  });
};

/** `sluice deliveries dead`: messages of the queue that could not be worked off. */
export const registerDead = (deliveries: Command, io: CommandIo, withDead: WithDead): void => {
  deployedOptions(deliveries.command("dead"))
    .summary("messages that could not be worked off, and their replay")
    .description(
      "Lists the queue's dead messages: what could not be read, or failed until it was given up. The sweep finds lost versions by itself; --replay puts messages back as if they had just come.\nExit code 0 done, 1 nothing to replay matched.",
    )
    .argument("[ids...]", "only these")
    .option("--receiver <id>", "only work for this receiver")
    .option("--reason <text>", "only where the reason has this text")
    .option("--since <duration>", "only what died within this time, such as 2h", durationOption)
    .option("--replay", "put them back on the queue")
    .option("--all", "with --replay: every dead message")
    .addHelpText(
      "after",
      examples("sluice deliveries dead", "sluice deliveries dead --replay --reason REGISTRY_UNAVAILABLE"),
    )
    .action((ids: readonly string[], options: DeadOptions, command: Command) =>
      run(io, withDead, ids, options, command),
    );
};
