import { type Command, Option } from "commander";
import { loadCircuit } from "../../pipeline/deliver/circuit-store.ts";
import {
  type DeliveriesDeps,
  type DeliveryFilter,
  enableReceiver,
  type ListedDelivery,
  listAll,
  replayDeliveries,
} from "../../pipeline/deliver/deliveries.ts";
import type { DeadLetters } from "../../ports.ts";
import type { OutboxEntry } from "../../state.ts";
import { usageError } from "../cli-error.ts";
import { formatDeliveries, formatReceiver } from "../delivery-table.ts";
import { type Deployment, deployedOptions, toDeployment } from "../deployment.ts";
import { type CliIo, type CommandIo, globalOptions, type Register } from "../io.ts";
import { durationOption } from "../options.ts";
import { createPaint } from "../paint.ts";
import { printError } from "../print-error.ts";
import { examples } from "../program.ts";
import { registerDead } from "./deliveries-dead.ts";

/** The outbox and the dead messages of a deployment. */
export interface OpenedDeliveries extends DeliveriesDeps {
  readonly deadLetters: DeadLetters;
  close(): Promise<void>;
}

/** Opens what a deployment keeps; a running Sluice is not disturbed, and finds what became due. */
export type OpenDeliveries = (io: CliIo, deployment: Deployment) => Promise<OpenedDeliveries>;

const MAX_SHOWN = 10_000;
const ATTEMPTS_SHOWN = 20;
const OUTSTANDING: readonly OutboxEntry["state"][] = ["due", "parked", "disabled"];
const STATES = [...OUTSTANDING, "accepted", "withdrawn"] as const;

interface FilterOptions {
  readonly receiver?: string;
  readonly object?: string;
  readonly reason?: string;
  readonly parkedSince?: number;
  readonly state?: OutboxEntry["state"];
  readonly all?: boolean;
  readonly overdue?: boolean;
}

const toFilter = (
  { receiver, object, reason, parkedSince, overdue }: FilterOptions,
  nowMs: number,
): DeliveryFilter => ({
  ...(receiver === undefined ? {} : { receiver }),
  ...(object === undefined ? {} : { subscription: object }),
  ...(reason === undefined ? {} : { reason }),
  ...(parkedSince === undefined ? {} : { parkedFromMs: nowMs - parkedSince }),
  ...(overdue === true ? { overdueAtMs: nowMs } : {}),
});

/** As `--json` prints it. */
const toJson = ({ entry, ...listed }: ListedDelivery) => ({ ...listed, ...entry });

const withOpened = async (
  open: OpenDeliveries,
  io: CommandIo,
  command: Command,
  work: (opened: OpenedDeliveries, json: boolean) => Promise<void>,
): Promise<void> => {
  const { json } = globalOptions(command);
  const opened = await open(io, toDeployment(command));
  try {
    await work(opened, json);
  } finally {
    await opened.close();
  }
};

const list = (open: OpenDeliveries, io: CommandIo, options: FilterOptions, command: Command): Promise<void> =>
  withOpened(open, io, command, async (opened, json) => {
    const states = options.state === undefined ? OUTSTANDING : [options.state];
    const isAll = options.all === true || options.overdue === true;
    const filter = { ...toFilter(options, io.nowMs()), ...(isAll ? {} : { states }) };
    const rows = await listAll(opened, filter, MAX_SHOWN);
    if (json) io.stdout.write(`${JSON.stringify(rows.map(toJson))}\n`);
    else if (rows.length === 0) {
      io.stdout.write(options.overdue === true ? "nothing is overdue\n" : "nothing is outstanding\n");
    } else io.stdout.write(formatDeliveries(rows, createPaint(io), io.nowMs()));
    // So that a timer may ask and raise an alarm.
    if (options.overdue === true) io.exitWith(rows.length === 0 ? 0 : 1);
  });

/** What is kept of a receiver; undefined where there never was anything of that name. */
const findReceiver = async (opened: OpenedDeliveries, receiver: string) => {
  const circuit = await loadCircuit(opened, receiver);
  const rows = await listAll(opened, { receiver }, MAX_SHOWN);
  const attempts = await opened.state.records({ receiver, newestFirst: true, limit: ATTEMPTS_SHOWN });
  const isKnown =
    rows.length > 0 || attempts.length > 0 || circuit.state !== "closed" || circuit.failures > 0;
  return isKnown ? { circuit, rows, attempts } : undefined;
};

const refuseUnknown = (io: CommandIo, receiver: string, json: boolean): void => {
  const message = `${receiver}: nothing was ever to be told to a receiver of this name; see \`sluice deliveries list --all\` for those that were, and \`sluice plan\` for those that there are`;
  printError(io, json, { code: "ABSENT", message });
  io.exitWith(1);
};

const show = (open: OpenDeliveries, io: CommandIo, receiver: string, command: Command): Promise<void> =>
  withOpened(open, io, command, async (opened, json) => {
    const found = await findReceiver(opened, receiver);
    if (found === undefined) return refuseUnknown(io, receiver, json);
    const { circuit, rows, attempts } = found;
    io.stdout.write(
      json
        ? `${JSON.stringify({ receiver, circuit, deliveries: rows.map(toJson), attempts })}\n`
        : formatReceiver(receiver, circuit, rows, attempts, createPaint(io), io.nowMs()),
    );
  });

const replay = (
  open: OpenDeliveries,
  io: CommandIo,
  options: FilterOptions,
  command: Command,
): Promise<void> => {
  const filter = toFilter(options, io.nowMs());
  if (Object.keys(filter).length === 0 && options.all !== true) {
    throw usageError("say which: --receiver, --object, --reason, --parked-since, or --all");
  }
  return withOpened(open, io, command, async (opened, json) => {
    const { replayed, outdated } = await replayDeliveries(opened, filter);
    if (json) {
      const result = { replayed: replayed.map(toJson), outdated: outdated.map(toJson) };
      io.stdout.write(`${JSON.stringify(result)}\n`);
    } else {
      const left =
        outdated.length === 0 ? "" : `; ${outdated.length} left, because something else is selected now`;
      io.stdout.write(`${replayed.length} due again${left}\n`);
    }
    io.exitWith(replayed.length === 0 ? 1 : 0);
  });
};

const enable = (open: OpenDeliveries, io: CommandIo, receiver: string, command: Command): Promise<void> =>
  withOpened(open, io, command, async (opened, json) => {
    if ((await findReceiver(opened, receiver)) === undefined) return refuseUnknown(io, receiver, json);
    const enabled = await enableReceiver(opened, receiver);
    const { wasDisabled, replayed } = enabled;
    const line = wasDisabled ? `enabled; ${replayed} due again` : `was not disabled; ${replayed} due again`;
    io.stdout.write(json ? `${JSON.stringify({ receiver, ...enabled })}\n` : `${line}\n`);
    io.exitWith(wasDisabled || replayed > 0 ? 0 : 1);
  });

const filtered = (command: Command): Command =>
  deployedOptions(command)
    .option("--receiver <id>", "only this receiver: <cluster>/<namespace>/<name>, or endpoint/<name>")
    .option("--object <id>", "only this object: <cluster>/<Kind>/<namespace>/<name>")
    .option("--reason <code>", "only these: an outcome such as not-found, or retries-exhausted");

/** `sluice deliveries`: what each receiver was told, is to be told, and will not take. */
export const createDeliveriesCommand =
  (open: OpenDeliveries): Register =>
  (program, io) => {
    const deliveries = program
      .command("deliveries")
      .summary("show what receivers were told, and replay what they did not take")
      .description(
        "Looks at the outbox: for each object and receiver the newest decision it should know, and how far it got.\nParked deliveries wait for a person, a newer decision, or another address, type or secret of their receiver.",
      );
    filtered(
      deliveries
        .command("list")
        .summary("what is outstanding")
        .description(
          "Lists deliveries that are due, parked or disabled.\nWith --overdue, exit code 1 if there are some.",
        ),
    )
      .addOption(new Option("--state <state>", "only these").choices(STATES))
      .option("--all", "accepted and withdrawn ones, too")
      .option("--overdue", "only those that should have been tried, or confirmed, five minutes ago")
      .addHelpText(
        "after",
        examples(
          "sluice deliveries list --state parked",
          "sluice deliveries list --overdue",
          "sluice deliveries list --receiver prod/apps/sluice --all",
        ),
      )
      .action((options: FilterOptions, command: Command) => list(open, io, options, command));
    deployedOptions(deliveries.command("show"))
      .summary("everything about one receiver")
      .description(
        "Shows a receiver's circuit, everything that is kept for it and its latest requests.\nExit code 0 known, 1 nothing is known of it.",
      )
      .argument("<receiver>", "<cluster>/<namespace>/<name>, or endpoint/<name>")
      .addHelpText("after", examples("sluice deliveries show prod/apps/sluice"))
      .action((receiver: string, _options: unknown, command: Command) => show(open, io, receiver, command));
    filtered(
      deliveries
        .command("replay")
        .summary("make parked deliveries due again")
        .description(
          "Makes parked deliveries due again; a running Sluice sends them within seconds. What is not selected any more stays: the poke would bring something else.\nExit code 0 done, 1 nothing matched.",
        ),
    )
      .option(
        "--parked-since <duration>",
        "only what was parked within this time, such as 2h",
        durationOption,
      )
      .option("--all", "every parked delivery")
      .addHelpText(
        "after",
        examples(
          "sluice deliveries replay --receiver prod/apps/sluice",
          "sluice deliveries replay --parked-since 2h",
        ),
      )
      .action((options: FilterOptions, command: Command) => replay(open, io, options, command));
    deployedOptions(deliveries.command("enable"))
      .summary("tell a receiver again that said 410")
      .description(
        "A receiver that answered 410 gets nothing until it is enabled; what was decided since is kept for it.\nExit code 0 done, 1 it was not disabled.",
      )
      .argument("<receiver>", "<cluster>/<namespace>/<name>, or endpoint/<name>")
      .addHelpText("after", examples("sluice deliveries enable endpoint/deploy-bot"))
      .action((receiver: string, _options: unknown, command: Command) => enable(open, io, receiver, command));
    registerDead(deliveries, io, (command, work) => withOpened(open, io, command, work));
  };
