import { setTimeout as wait } from "node:timers/promises";
import type { SqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { workOff } from "../../shared/pipeline/worker.ts";
import type { Pipeline } from "../../shared/pipeline.ts";
import type { Clock, Random, ReceivedWork } from "../../shared/ports.ts";
import { WORK_CLASSES, type WorkClass } from "../../shared/work-class.ts";

/** The lease is longer than any work, so that nothing alive is handed out twice. */
const LEASE_SLACK_MS = 10_000;
const LONGEST_SLEEP_MS = 1_000;
const ERROR_PAUSE_MS = 500;

/** Classes of work that share their slots; those of another lane are not waited for. */
export interface Lane {
  /** The first of them first. */
  readonly classes: readonly WorkClass[];
  /** Pieces of work at once. */
  readonly concurrency: number;
  /** While work of this class is under way, only so many: it comes first, and the rest does not stand still. */
  readonly behind?: { readonly class: WorkClass; readonly concurrency: number };
  /** Work that takes longer only waits for somebody else: its slot goes to others. Absent: it keeps it. */
  readonly patience?: {
    readonly afterMs: number;
    /** Pieces of work at once, with those that wait. */
    readonly most: number;
  };
}

/** A class of work without a lane would never be done. */
const LANE_OF = {
  push: "news",
  evaluate: "news",
  sweep: "sweep",
  confirm: "confirm",
  deliver: "deliver",
  redeliver: "redeliver",
} as const satisfies Record<WorkClass, string>;

type LaneName = (typeof LANE_OF)[WorkClass];

const classesOf = (lane: LaneName): readonly WorkClass[] =>
  WORK_CLASSES.filter((one) => LANE_OF[one] === lane);

/** Several times what a healthy receiver takes, and so short that those who fell ill together soon hold no slots. */
const PATIENCE_MS = 100;
/** Of the slots for deliveries, what comes again gets as many beside what comes for the first time. */
const AGAIN_SHARE = 1 / 8;
/**
 * As many times `limits.deliveries` may be out with those that wait, for the first time and again: each costs a
 * connection, no more.
 */
export const WAITING_FACTOR = 16;

/**
 * Receivers that hang must not delay pushes, nor other receivers; nor what failed before and comes again, a sweep of
 * everything, or many clusters' events, what was pushed just now.
 */
export const toLanes = (
  evaluations: number,
  deliveries: number,
  patienceMs = PATIENCE_MS,
): readonly Lane[] => {
  const patience = { afterMs: patienceMs, most: deliveries * WAITING_FACTOR };
  return [
    { classes: classesOf("news"), concurrency: evaluations },
    { classes: classesOf("sweep"), concurrency: Math.ceil(evaluations / 4) },
    { classes: classesOf("confirm"), concurrency: Math.ceil(evaluations / 4) },
    { classes: classesOf("deliver"), concurrency: deliveries, patience },
    {
      classes: classesOf("redeliver"),
      concurrency: deliveries,
      behind: { class: "deliver", concurrency: Math.ceil(deliveries * AGAIN_SHARE) },
      patience,
    },
  ];
};

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
  readonly lane: Lane;
  wake(): void;
  /** Whether any of its slots is held. */
  isBusy(): boolean;
  /** Settles once the lane takes no more work. */
  readonly ended: Promise<void>;
  readonly running: ReadonlySet<Promise<void>>;
}

/** What a lane knows of the others. */
interface Others {
  isBusy(workClass: WorkClass): boolean;
  /** Nothing of these classes holds a slot any more. */
  onIdle(classes: readonly WorkClass[]): void;
}

const startLane = (
  settings: WorkerSettings,
  lane: Lane,
  others: Others,
  stopping: AbortSignal,
): RunningLane => {
  const { queue, pipeline, clock, random, log, maxAttempts, workTimeoutMs } = settings;
  const { classes, concurrency, behind, patience } = lane;
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
      const held = quick.delete(done);
      wake();
      if (held && quick.size === 0) others.onIdle(classes);
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

  const countFree = (): number => {
    const slots = behind !== undefined && others.isBusy(behind.class) ? behind.concurrency : concurrency;
    return Math.min(slots - quick.size, (patience?.most ?? concurrency) - running.size);
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
      const free = countFree();
      const inMs = free > 0 ? (queue.nextAtMs(classes) ?? Infinity) - clock.nowMs() : LONGEST_SLEEP_MS;
      if (inMs > 0) {
        await sleep(Math.min(inMs, LONGEST_SLEEP_MS));
        continue;
      }
      for (const one of await queue.receive(free, workTimeoutMs + LEASE_SLACK_MS, classes)) start(one);
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
  return { lane, wake: () => wake(), isBusy: () => quick.size > 0, ended: keepLooping(), running };
};

/** Works the queue off, lane by lane, woken by each send, otherwise when the next message becomes available. */
export const startWorkers = (settings: WorkerSettings): Workers => {
  const stopping = new AbortController();
  const lanes: RunningLane[] = [];
  const others: Others = {
    isBusy: (workClass) => lanes.some(({ lane, isBusy }) => lane.classes.includes(workClass) && isBusy()),
    onIdle(classes) {
      for (const { lane, wake } of lanes) if (lane.behind && classes.includes(lane.behind.class)) wake();
    },
  };
  for (const lane of settings.lanes) lanes.push(startLane(settings, lane, others, stopping.signal));
  settings.queue.onSent((sent) => {
    for (const { lane, wake } of lanes) if (lane.classes.some((one) => sent.has(one))) wake();
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
