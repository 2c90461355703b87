import { type Command, Option } from "commander";
import { overdueChecks } from "../../pipeline/sweep/overdue.ts";
import type { RecordQuery, StoredRecord } from "../../state.ts";
import { CliError, usageError } from "../cli-error.ts";
import { formatDecision, formatDecisions } from "../decision-table.ts";
import { type Deployment, deployedOptions, toDeployment } from "../deployment.ts";
import { type CliIo, type CommandIo, globalOptions, type Register } from "../io.ts";
import { createPaint } from "../paint.ts";
import { printable } from "../printable.ts";
import { examples } from "../program.ts";
import { printComparison } from "./decisions-compare.ts";

export interface DecisionReader {
  records(query: RecordQuery): Promise<readonly StoredRecord[]>;
  dueChecks(nowMs: number, limit: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens the decision records of a deployment; a running Sluice is not disturbed. */
export type OpenDecisions = (io: CliIo, deployment: Deployment) => Promise<DecisionReader>;

const DEFAULT_LIMIT = 30;
const MAX_LIMIT = 100_000;
const COMPARE_LIMIT = 20_000;
const FOLLOW_BATCH = 500;
const FOLLOW_POLL_MS = 250;
/** Scanned to find a decision by the first letters of its id. */
const SHOW_SCAN = 100_000;

interface ListOptions {
  readonly object?: string;
  readonly repository?: string;
  readonly outcome?: NonNullable<RecordQuery["outcome"]>;
  readonly limit: string;
  readonly overdue?: boolean;
}

const OUTCOMES = ["notify", "wait", "ignore", "reject"] as const;

const toQuery = ({
  object,
  repository,
  outcome,
}: Omit<ListOptions, "limit" | "overdue">): Omit<RecordQuery, "limit"> => ({
  ...(object === undefined ? {} : { subscription: object }),
  ...(repository === undefined ? {} : { repository }),
  ...(outcome === undefined ? {} : { outcome }),
});

const toLimit = (text: string): number => {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw usageError(`--limit ${text}: write a whole number from 1 to ${MAX_LIMIT}`);
  }
  return limit;
};

const isDecision = ({ kind }: StoredRecord): boolean => kind === "decision";

/** What is known of the objects whose next look is overdue. */
interface Overdue {
  readonly records: readonly StoredRecord[];
  /** Objects of which no decision is kept any more. */
  readonly unrecorded: readonly string[];
}

const findOverdue = async (
  reader: DecisionReader,
  { object, repository }: ListOptions,
  nowMs: number,
): Promise<Overdue> => {
  const late = await overdueChecks(reader, nowMs);
  const ids = late.filter((id) => object === undefined || object === id);
  const newest = async (id: string): Promise<StoredRecord | undefined> => {
    const query = {
      ...toQuery({ object: id, ...(repository === undefined ? {} : { repository }) }),
      newestFirst: true,
    };
    const [waiting] = await reader.records({ ...query, outcome: "wait", limit: 1 });
    return waiting ?? (await reader.records({ ...query, limit: DEFAULT_LIMIT })).find(isDecision);
  };
  const found = await Promise.all(ids.map(newest));
  return {
    records: found.filter((record) => record !== undefined),
    // Another repository's objects have no record that matches either.
    unrecorded: repository === undefined ? ids.filter((_id, index) => found[index] === undefined) : [],
  };
};

const listOverdue = async (
  reader: DecisionReader,
  io: CommandIo,
  options: ListOptions,
  json: boolean,
): Promise<void> => {
  const { records, unrecorded } = await findOverdue(reader, options, io.nowMs());
  if (json)
    io.stdout.write(
      `${JSON.stringify([...records, ...unrecorded.map((subscription) => ({ subscription }))])}\n`,
    );
  else {
    const paint = createPaint(io);
    if (records.length > 0) io.stdout.write(formatDecisions(records, paint, io.nowMs()));
    for (const id of unrecorded) io.stdout.write(`${printable(id)}: no decision is kept of it\n`);
    if (records.length + unrecorded.length === 0) io.stdout.write("nothing is overdue\n");
  }
  // So that a timer may ask and raise an alarm.
  io.exitWith(records.length + unrecorded.length === 0 ? 0 : 1);
};

const list = async (
  open: OpenDecisions,
  io: CommandIo,
  options: ListOptions,
  command: Command,
): Promise<void> => {
  const { json } = globalOptions(command);
  const limit = toLimit(options.limit);
  const reader = await open(io, toDeployment(command));
  try {
    if (options.overdue === true) return await listOverdue(reader, io, options, json);
    const newest = await reader.records({ ...toQuery(options), newestFirst: true, limit });
    const records = newest.filter(isDecision).toReversed();
    if (json) io.stdout.write(`${JSON.stringify(records)}\n`);
    else if (records.length === 0) io.stdout.write("no decisions yet\n");
    else io.stdout.write(formatDecisions(records, createPaint(io), io.nowMs()));
  } finally {
    await reader.close();
  }
};

const findByPrefix = async (reader: DecisionReader, prefix: string): Promise<readonly StoredRecord[]> => {
  const all = await reader.records({ newestFirst: true, limit: SHOW_SCAN });
  const ids = new Set(all.map(({ decisionId }) => decisionId).filter((id) => id.startsWith(prefix)));
  const [id] = ids;
  if (id === undefined) {
    const where = all.length < SHOW_SCAN ? "" : ` among the newest ${SHOW_SCAN} records; write all of it`;
    throw new CliError(`no decision ${prefix}${where}; see \`sluice decisions list\``, { code: "ABSENT" });
  }
  if (ids.size > 1) throw usageError(`${prefix} begins ${ids.size} decisions; write more of it`);
  return reader.records({ decisionId: id, limit: MAX_LIMIT });
};

const show = async (open: OpenDecisions, io: CommandIo, prefix: string, command: Command): Promise<void> => {
  const { json } = globalOptions(command);
  const reader = await open(io, toDeployment(command));
  try {
    const whole = await reader.records({ decisionId: prefix, limit: MAX_LIMIT });
    const records = whole.length > 0 ? whole : await findByPrefix(reader, prefix);
    if (json) io.stdout.write(`${JSON.stringify(records)}\n`);
    else io.stdout.write(formatDecision(records, createPaint(io), io.nowMs()));
  } finally {
    await reader.close();
  }
};

const compare = async (
  open: OpenDecisions,
  io: CommandIo,
  options: Pick<ListOptions, "object" | "limit">,
  command: Command,
): Promise<void> => {
  const { json } = globalOptions(command);
  const limit = toLimit(options.limit);
  const reader = await open(io, toDeployment(command));
  try {
    await printComparison(reader, io, { query: toQuery(options), limit, json });
  } finally {
    await reader.close();
  }
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });

const follow = async (
  open: OpenDecisions,
  io: CommandIo,
  options: Omit<ListOptions, "limit">,
  command: Command,
): Promise<void> => {
  const { json } = globalOptions(command);
  const reader = await open(io, toDeployment(command));
  try {
    let seen = (await reader.records({ newestFirst: true, limit: 1 }))[0]?.sequence ?? 0;
    while (!io.signal.aborted) {
      const records = await reader.records({ ...toQuery(options), afterSequence: seen, limit: FOLLOW_BATCH });
      seen = records.at(-1)?.sequence ?? seen;
      for (const record of records.filter(isDecision)) {
        const line = json
          ? `${JSON.stringify(record)}\n`
          : // One line each, however narrow the terminal.
            formatDecisions([record], createPaint({ color: io.color }), io.nowMs());
        io.stdout.write(json ? line : `${line.split("\n")[1]}\n`);
      }
      await io.stdout.ready();
      if (records.length < FOLLOW_BATCH) await pause(FOLLOW_POLL_MS, io.signal);
    }
  } finally {
    await reader.close();
  }
};

const filtered = (command: Command): Command =>
  deployedOptions(command)
    .option("--object <id>", "only this object: <cluster>/<Kind>/<namespace>/<name>")
    .option("--repository <repository>", "only this repository: <host>/<path>")
    .addOption(new Option("--outcome <outcome>", "only these").choices(OUTCOMES));

/** `sluice decisions`: why did, or didn't, this deploy? */
export const createDecisionsCommand =
  (open: OpenDecisions): Register =>
  (program, io) => {
    const decisions = program
      .command("decisions")
      .summary("show what was decided, and why")
      .description(
        "Reads the decision records: for every push and every object that selects from its repository what was decided (notify, wait, ignore, reject), with the reason and the facts behind it.",
      );
    filtered(
      decisions
        .command("list")
        .summary("the latest decisions")
        .description("Lists decisions, oldest first.\nWith --overdue, exit code 1 if there are some."),
    )
      .option("--limit <count>", "how many records to look back", String(DEFAULT_LIMIT))
      .option("--overdue", "only those that should have been looked at again five minutes ago")
      .addHelpText(
        "after",
        examples("sluice decisions list --outcome reject", "sluice decisions list --json --limit 1000"),
      )
      .action((options: ListOptions, command: Command) => list(open, io, options, command));
    deployedOptions(decisions.command("show"))
      .summary("everything about one decision")
      .description("Shows a decision from its first record to the last attempt to deliver it.")
      .argument("<decision>", "its id, or the first letters of it")
      .addHelpText("after", examples("sluice decisions show 9b1d5aa07c31"))
      .action((id: string, _options: unknown, command: Command) => show(open, io, id, command));
    deployedOptions(decisions.command("compare"))
      .summary("what Flux did beside what Sluice decided")
      .description(
        "Compares, version by version, what Sluice decided with what the clusters' own events say (`confirmation` in sluice.yaml): in observe mode, what Sluice would have changed, and how much earlier it would have told.\nExit code 0 the same, 1 Flux has something that Sluice would not have told.",
      )
      .option("--object <id>", "only this object: <cluster>/<Kind>/<namespace>/<name>")
      .option("--limit <count>", "how many records to look back", String(COMPARE_LIMIT))
      .addHelpText(
        "after",
        examples("sluice decisions compare", "sluice decisions compare --json | jq .comparison"),
      )
      .action((options: Pick<ListOptions, "object" | "limit">, command: Command) =>
        compare(open, io, options, command),
      );
    filtered(
      decisions
        .command("follow")
        .summary("decisions as they happen")
        .description("Prints each new decision until stopped."),
    )
      .addHelpText(
        "after",
        examples("sluice decisions follow", "sluice decisions follow --json | jq .reason"),
      )
      .action((options: Omit<ListOptions, "limit">, command: Command) => follow(open, io, options, command));
  };
