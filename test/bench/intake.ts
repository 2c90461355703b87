import { join } from "node:path";
import type { Bench, BenchResult, Effort } from "./bench.ts";
import {
  CONNECTIONS,
  type Contender,
  type Contenders,
  measureSyncMs,
  type Round,
  runRound,
  startContenders,
  stopContenders,
} from "./intake-contenders.ts";
import { type Cores, splitCores } from "./processes.ts";
import { awaitEmptyQueue } from "./queue.ts";
import { type BenchRow, median } from "./row.ts";
import { formatNumber } from "./table.ts";
import { createWorld, type World } from "./world.ts";

const GOAL_PER_SECOND = 3_000;
const GOAL_P99_MS = 20;
const ROUNDS = { quick: 1, full: 5 } as const;
const ROUND_MS = { quick: 700, full: 3_000 } as const;
const SYNCS = { quick: 50, full: 500 } as const;
/** A core that is used this much is full: what is missing goes to the system's own work. */
const FULL = 0.9;
const MICROSECONDS = 1_000_000;

interface Measured {
  readonly contenders: Contenders;
  /** Both at a fixed pace of arrivals. */
  readonly paced: { readonly sluice: readonly Round[]; readonly append: readonly Round[] };
  /** Until the queue was empty again, after each of Sluice's rounds. */
  readonly drainMs: readonly number[];
  readonly syncMs: number;
}

const over = (rounds: readonly Round[], figure: (round: Round) => number): number =>
  median(rounds.map(figure));
const perSecond = ({ load }: Round): number => (load.events / load.durationMs) * 1_000;
const p50 = ({ load }: Round): number => load.p50Ms;
const p99 = ({ load }: Round): number => load.p99Ms;
const serverCpuUs = ({ load, serverCpuMs }: Round): number => (serverCpuMs / load.events) * 1_000;
const serverShare = ({ load, serverCpuMs }: Round): number => serverCpuMs / load.durationMs;
const loadShare = ({ load }: Round): number => load.cpuMs / load.durationMs;

/** The contenders in turn, so that whatever else the machine does falls on all alike. */
const measure = async (world: World, cores: Cores | undefined, effort: Effort): Promise<Measured> => {
  const contenders = await startContenders(world, cores);
  const { sluice, append, forget } = contenders;
  const paced: { sluice: Round[]; append: Round[] } = { sluice: [], append: [] };
  const drainMs: number[] = [];
  const { authorization } = world;
  const durationMs = ROUND_MS[effort];
  const offered = GOAL_PER_SECOND;
  try {
    // The first round only warms up.
    for (let index = 0; index <= ROUNDS[effort]; index++) {
      const run = (name: string) => ({ authorization, durationMs, run: `${name}${index}` });
      const closed = await runRound(sluice, run("a"), cores);
      const drained = await awaitEmptyQueue(sluice.server);
      const pacedSluice = await runRound(sluice, { ...run("b"), offered }, cores);
      await awaitEmptyQueue(sluice.server);
      const closedAppend = await runRound(append, run("c"), cores);
      const pacedAppend = await runRound(append, { ...run("d"), offered }, cores);
      const closedForget = await runRound(forget, run("e"), cores);
      if (index === 0) continue;
      sluice.rounds.push(closed);
      drainMs.push(drained);
      append.rounds.push(closedAppend);
      forget.rounds.push(closedForget);
      paced.sluice.push(pacedSluice);
      paced.append.push(pacedAppend);
    }
  } finally {
    await stopContenders(contenders);
  }
  return { contenders, paced, drainMs, syncMs: measureSyncMs(join(world.folder, "sync"), SYNCS[effort]) };
};

const toRows = ({ contenders, paced, drainMs, syncMs }: Measured): readonly BenchRow[] => {
  const { sluice, append, forget } = contenders;
  const beside = (name: string, rounds: readonly Round[], figure: (round: Round) => number) => ({
    beside: { name, value: over(rounds, figure) },
  });
  const figure = (of: (round: Round) => number, unit: string) => ({ value: over(sluice.rounds, of), unit });
  const bare = "bare append + sync";
  return [
    {
      name: `durable events/s, ${CONNECTIONS} connections`,
      ...figure(perSecond, "/s"),
      ...beside(bare, append.rounds, perSecond),
      goal: { of: "value", atLeast: GOAL_PER_SECOND },
    },
    {
      name: "answer, p99, at that rate",
      ...figure(p99, "ms"),
      ...beside(bare, append.rounds, p99),
      goal: { of: "value", atMost: GOAL_P99_MS },
    },
    { name: "answer, p50, at that rate", ...figure(p50, "ms"), ...beside(bare, append.rounds, p50) },
    {
      name: `answer, p99, ${formatNumber(GOAL_PER_SECOND)} events/s arriving at an even pace`,
      value: over(paced.sluice, p99),
      unit: "ms",
      ...beside(bare, paced.append, p99),
      goal: { of: "value", atMost: GOAL_P99_MS },
    },
    {
      name: "events/s without the write",
      note: "same server, a queue that keeps nothing",
      value: over(forget.rounds, perSecond),
      unit: "/s",
    },
    {
      name: "processor time per event, evaluation included",
      ...figure(serverCpuUs, "µs"),
      ...beside(bare, append.rounds, serverCpuUs),
    },
    {
      name: "processor time per event without write and evaluation",
      value: over(forget.rounds, serverCpuUs),
      unit: "µs",
      ...beside(bare, append.rounds, serverCpuUs),
    },
    {
      name: "stored and evaluated, events/s",
      note: "until the queue is empty again",
      value: median(
        sluice.rounds.map(
          ({ load }, index) => (load.events / (load.durationMs + (drainMs[index] ?? Number.NaN))) * 1_000,
        ),
      ),
      unit: "/s",
    },
    { name: `disk alone: append + sync of ${CONNECTIONS} events`, value: syncMs, unit: "ms" },
  ];
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const nameLimit = ({ rounds }: Contender, cores: Cores | undefined): string => {
  const server = over(rounds, serverShare);
  const load = over(rounds, loadShare);
  const used = `The server used ${percent(server)} of ${cores === undefined ? "a core (it could not be pinned)" : "its core"}, the load generator ${percent(load)} of one.`;
  if (server >= FULL) return `${used} The server's core is full: processor time per event is the limit.`;
  if (load >= FULL) return `${used} The load generator is the limit.`;
  return `${used} Neither is full: the rest is waiting, for the disk's sync or for a core that others had.`;
};

/** Processor time hardly depends on who else wants the core; what a whole core could do follows from it. */
const nameCapacity = ({ rounds }: Contender): string =>
  `By processor time alone a core of its own would store and evaluate ${formatNumber(Math.round(MICROSECONDS / over(rounds, serverCpuUs)))} events/s.`;

export const intake: Bench = {
  name: "intake",
  title: "Durable intake",
  about: `Events as CNCF Distribution v3 sends them, one per request, each new, posted to \`sluice serve\` by ${CONNECTIONS} connections that each send again as soon as they are answered. The server is held on one core, the load comes from another. A 202 means: authenticated, parsed, committed with \`synchronous=FULL\` (events of one turn of the event loop share a commit and its sync). Evaluation runs on the same core meanwhile; the events' repository is one that no object follows. Beside it a bare \`node:http\` server that reads the body, appends it to a file, syncs once for all that wait, and answers: it knows nothing of who sends and what the body says.`,
  async run(effort): Promise<BenchResult> {
    const cores = splitCores();
    const world = await createWorld({ repositories: ["acme/app"] });
    try {
      const measured = await measure(world, cores, effort);
      const { sluice } = measured.contenders;
      return { rows: toRows(measured), remarks: [nameLimit(sluice, cores), nameCapacity(sluice)] };
    } finally {
      await world.close();
    }
  },
};
