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
}

/** Receivers that hang must not delay pushes, nor a sweep of everything what was pushed just now. */
export const toLanes = (evaluations: number, deliveries: number): readonly Lane[] => [
  { kinds: ["push", "evaluate"], concurrency: evaluations },
  { kinds: ["sweep"], concurrency: Math.ceil(evaluations / 4) },
  { kinds: ["deliver"], concurrency: deliveries },
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
  const { kinds, concurrency } = lane;
  const running = new Set<Promise<void>>();
  let wake = (): void => {};

  const run = ({ work }: ReceivedWork): Promise<void> =>
    pipeline.run(work, AbortSignal.any([stopping, AbortSignal.timeout(workTimeoutMs)]));

  const start = (received: ReceivedWork): void => {
    const done = workOff({ consumer: queue, random, log, maxAttempts, run }, received)
      .catch((error: unknown) => log("worker-failed", { message: String(error) }))
      .finally(() => {
        running.delete(done);
        wake();
      });
    running.add(done);
  };

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
      const free = concurrency - running.size;
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
