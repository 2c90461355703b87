import { setTimeout as wait } from "node:timers/promises";
import type { SqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { workOff } from "../../shared/pipeline/worker.ts";
import type { Pipeline } from "../../shared/pipeline.ts";
import type { Clock, Random, ReceivedWork, Work } from "../../shared/ports.ts";

/** The lease is longer than any work, so that nothing alive is handed out twice. */
const LEASE_SLACK_MS = 10_000;
const LONGEST_SLEEP_MS = 1_000;
const ERROR_PAUSE_MS = 500;

/** Kinds of work that share their slots; those of another lane are not waited for. */
export interface Lane {
  /** The first of them first. */
  readonly kinds: readonly Work["kind"][];
  /** Pieces of work at once. */
  readonly concurrency: number;
  /** Work that takes longer only waits for somebody else: its slot goes to others. Absent: it keeps it. */
  readonly patience?: {
    readonly afterMs: number;
    /** Pieces of work at once, with those that wait. */
    readonly most: number;
  };
}

/** A kind of work without a lane would never be done. */
const LANE_OF = {
  push: "news",
  evaluate: "news",
  sweep: "sweep",
  confirm: "confirm",
  deliver: "deliver",
} as const satisfies Record<Work["kind"], string>;

type LaneName = (typeof LANE_OF)[Work["kind"]];

const kindsOf = (lane: LaneName): readonly Work["kind"][] =>
  (Object.keys(LANE_OF) as Work["kind"][]).filter((kind) => LANE_OF[kind] === lane);

const PATIENCE_MS = 1_000;
/** As many times `limits.deliveries` may be out, with those that wait: each costs a connection, no more. */
export const WAITING_FACTOR = 16;

/**
 * Receivers that hang must not delay pushes, nor other receivers; nor a sweep of everything, or many clusters' events,
 * what was pushed just now.
 */
export const toLanes = (
  evaluations: number,
  deliveries: number,
  patienceMs = PATIENCE_MS,
): readonly Lane[] => [
  { kinds: kindsOf("news"), concurrency: evaluations },
  { kinds: kindsOf("sweep"), concurrency: Math.ceil(evaluations / 4) },
  { kinds: kindsOf("confirm"), concurrency: Math.ceil(evaluations / 4) },
  {
    kinds: kindsOf("deliver"),
    concurrency: deliveries,
    patience: { afterMs: patienceMs, most: deliveries * WAITING_FACTOR },
  },
];

export interface WorkerSettings {
  readonly queue: SqliteWorkQueue;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly lanes: readonly Lane[];
  /** Tries before a message is parked. */
  readonly maxAttempts: number;
  /** Until one piece of work is given up: receivers may take minutes to answer. */
  readonly workTimeoutMs: number;
}

export interface Workers {
  /** Takes no more work and waits for what is under way, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

interface RunningLane {
  readonly kinds: Lane["kinds"];
  wake(): void;
  /** Settles once the lane takes no more work. */
  readonly ended: Promise<void>;
  readonly running: ReadonlySet<Promise<void>>;
}

const startLane = (settings: WorkerSettings, lane: Lane, stopping: AbortSignal): RunningLane => {
  const { queue, pipeline, clock, random, log, maxAttempts, workTimeoutMs } = settings;
  const { kinds, concurrency, patience } = lane;
  const running = new Set<Promise<void>>();
  /** Of those, the ones that hold a slot. */
  const quick = new Set<Promise<void>>();
  let wake = (): void => {};

  const underWay = new Set<AbortController>();
  stopping.addEventListener("abort", () => {
    for (const controller of underWay) controller.abort(stopping.reason);
  });
  // Not `AbortSignal.timeout`: its timer would outlive the work by minutes, thousands of them in a busy second.
  const run = async ({ work }: ReceivedWork): Promise<void> => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error("the work took too long")), workTimeoutMs);
    underWay.add(controller);
    try {
      await pipeline.run(work, controller.signal);
    } finally {
      clearTimeout(timer);
      underWay.delete(controller);
    }
  };

  const start = (received: ReceivedWork): void => {
    const leaveSlot = (): void => {
      quick.delete(done);
      wake();
    };
    const timer = patience === undefined ? undefined : setTimeout(leaveSlot, patience.afterMs).unref();
    const done = workOff({ consumer: queue, random, log, maxAttempts, run }, received)
      .catch((error: unknown) => log("worker-failed", { message: String(error) }))
      .finally(() => {
        clearTimeout(timer);
        running.delete(done);
        leaveSlot();
      });
    running.add(done);
    quick.add(done);
  };

  const countFree = (): number =>
    Math.min(concurrency - quick.size, (patience?.most ?? concurrency) - running.size);

  const sleep = (longestMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, longestMs));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const loop = async (): Promise<void> => {
    while (!stopping.aborted) {
      const free = countFree();
      const inMs = free > 0 ? (queue.nextAtMs(kinds) ?? Infinity) - clock.nowMs() : LONGEST_SLEEP_MS;
      if (inMs > 0) {
        await sleep(Math.min(inMs, LONGEST_SLEEP_MS));
        continue;
      }
      for (const one of await queue.receive(free, workTimeoutMs + LEASE_SLACK_MS, kinds)) start(one);
    }
  };

  const keepLooping = async (): Promise<void> => {
    while (!stopping.aborted) {
      try {
        await loop();
      } catch (error) {
        // The state file is out of reach for a moment: nothing is lost, it is all in there.
        log("worker-failed", { message: String(error) });
        await wait(ERROR_PAUSE_MS);
      }
    }
  };
  return { kinds, wake: () => wake(), ended: keepLooping(), running };
};

/** Works the queue off, lane by lane, woken by each send, otherwise when the next message becomes available. */
export const startWorkers = (settings: WorkerSettings): Workers => {
  const stopping = new AbortController();
  const lanes = settings.lanes.map((lane) => startLane(settings, lane, stopping.signal));
  settings.queue.onSent((sent) => {
    for (const { kinds, wake } of lanes) if (kinds.some((kind) => sent.has(kind))) wake();
  });
  return {
    async stop(graceMs) {
      stopping.abort();
      for (const { wake } of lanes) wake();
      await Promise.all(lanes.map(({ ended }) => ended));
      const underWay = lanes.flatMap(({ running }) => [...running]);
      await Promise.race([Promise.all(underWay), wait(graceMs, undefined, { ref: false })]);
    },
  };
};
