import { setTimeout as wait } from "node:timers/promises";
import type { SqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { workOff } from "../../shared/pipeline/worker.ts";
import type { Pipeline } from "../../shared/pipeline.ts";
import type { Clock, Random, ReceivedWork } from "../../shared/ports.ts";

/** The lease is longer than any work, so that nothing alive is handed out twice. */
const LEASE_SLACK_MS = 10_000;
const LONGEST_SLEEP_MS = 1_000;
const ERROR_PAUSE_MS = 500;

export interface WorkerSettings {
  readonly queue: SqliteWorkQueue;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Pieces of work at once. */
  readonly concurrency: number;
  /** Until one piece of work is given up: receivers may take minutes to answer. */
  readonly workTimeoutMs: number;
}

export interface Workers {
  /** Takes no more work and waits for what is under way, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Works the queue off, woken by each send, otherwise when the next message becomes available. */
export const startWorkers = (settings: WorkerSettings): Workers => {
  const { queue, pipeline, clock, random, log, concurrency } = settings;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let wake = (): void => {};
  queue.onSent(() => wake());

  const run = ({ work }: ReceivedWork): Promise<void> =>
    pipeline.run(work, AbortSignal.any([stopping.signal, AbortSignal.timeout(settings.workTimeoutMs)]));

  const start = (received: ReceivedWork): void => {
    const done = workOff({ consumer: queue, random, log, run }, received)
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
    while (!stopping.signal.aborted) {
      const free = concurrency - running.size;
      const received = free > 0 ? await queue.receive(free, settings.workTimeoutMs + LEASE_SLACK_MS) : [];
      for (const one of received) start(one);
      if (received.length > 0 && running.size < concurrency) continue;
      const nextMs =
        running.size >= concurrency ? LONGEST_SLEEP_MS : (queue.nextAtMs() ?? Infinity) - clock.nowMs();
      await sleep(Math.min(nextMs, LONGEST_SLEEP_MS));
    }
  };

  const keepLooping = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await loop();
      } catch (error) {
        // The state file is out of reach for a moment: nothing is lost, it is all in there.
        log("worker-failed", { message: String(error) });
        await wait(ERROR_PAUSE_MS);
      }
    }
  };
  const looping = keepLooping();

  return {
    async stop(graceMs) {
      stopping.abort();
      wake();
      await looping;
      await Promise.race([Promise.all(running), wait(graceMs, undefined, { ref: false })]);
    },
  };
};
