import { acceptPushes } from "../../shared/pipeline/accept.ts";
import type { CatalogView, PipelineDeps } from "../../shared/pipeline/deps.ts";
import { createSelectors } from "../../shared/pipeline/selectors.ts";
import { workOff } from "../../shared/pipeline/worker.ts";
import { createPipeline } from "../../shared/pipeline.ts";
import type { Push, Verifier, WorkConsumer, WorkQueue } from "../../shared/ports.ts";
import type { StateStore } from "../../shared/state.ts";
import { findViolations } from "./checks.ts";
import { createMemoryQueue } from "./memory-queue.ts";
import { createMemoryState } from "./memory-state.ts";
import {
  CALM,
  createSimulatedRegistry,
  createSteppedQueue,
  createSteppedState,
  createSteps,
  createTableVerifier,
  type Weather,
} from "./ports.ts";
import { createPublisher } from "./publisher.ts";
import { createReceivers } from "./receivers.ts";
import { createScheduler, type Process } from "./scheduler.ts";
import { createSeeded } from "./seeded.ts";
import { createWorld, repositoryKey } from "./world.ts";

const MINUTE_MS = 60_000;
const START_MS = 1_700_000_000_000;
const WORK_LEASE_MS = 30_000;
const EVIDENCE_DEADLINE_MS = 2 * MINUTE_MS;
const NEVER_ABORTED = new AbortController().signal;

/** Changes a part of the pipeline's surroundings: how a test plants a bug that the checks must find. */
export interface Plant {
  readonly verifier?: (verifier: Verifier) => Verifier;
  readonly queue?: (queue: WorkQueue & WorkConsumer) => WorkQueue & WorkConsumer;
  readonly state?: (state: StateStore) => StateStore;
}

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly pushes: number;
  readonly answered: number;
  readonly deliveries: number;
  readonly crashes: number;
}

/** One whole life of a Sluice: a storm of pushes, failures and crashes, then calm weather; then the checks. */
export const simulate = async (seed: number, plant: Plant = {}): Promise<Outcome> => {
  const { stackTraceLimit } = Error;
  // Planted failures are many, and nobody reads their stacks.
  Error.stackTraceLimit = 0;
  try {
    return await run(seed, plant);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

const run = async (seed: number, plant: Plant): Promise<Outcome> => {
  const random = createSeeded(seed);
  const scheduler = createScheduler(START_MS);
  const world = createWorld(random);
  const queue = createMemoryQueue(scheduler);
  const state = createMemoryState(scheduler);
  const receivers = createReceivers(scheduler, random);
  const weather: Weather = {
    registryFailure: random.pick([0, 0.02, 0.2]),
    storageFailure: random.pick([0, 0.01, 0.05]),
    answerLost: random.pick([0, 0.01, 0.05]),
    slowStep: random.pick([0, 0.002, 0.02]),
  };
  receivers.failure = random.pick([0, 0.05, 0.4]);
  const byId = new Map(world.subscriptions.map((subscription) => [subscription.id, subscription]));
  const catalog: CatalogView = {
    version: "c1",
    match: (name) =>
      world.subscriptions.filter((one) => repositoryKey(one.repository) === repositoryKey(name)),
    subscription: (id) => byId.get(id),
    receiver: (id) => world.receivers.find((receiver) => receiver.id === id),
    subscriptions: () => world.subscriptions,
    followersOf: () => [],
  };

  const selectorOf = createSelectors();
  const gatherMs = random.pick([0, 100]);

  const wire = (process: Process) => {
    const steps = createSteps(scheduler, process, random, weather);
    const stepped = createSteppedQueue(queue, steps);
    const planted = plant.queue?.(stepped) ?? stepped;
    const steppedState = createSteppedState(state, steps, random, weather);
    const verifier = createTableVerifier(world, scheduler, steps, random, weather);
    const deps: PipelineDeps = {
      clock: scheduler,
      random,
      queue: planted,
      state: plant.state?.(steppedState) ?? steppedState,
      registry: createSimulatedRegistry(world, steps, random, weather),
      verifier: plant.verifier?.(verifier) ?? verifier,
      catalog: () => catalog,
      selectorOf,
      requirementOf: ({ rules }) => ({ kind: "rules", rules }),
      evidenceDeadlineMsOf: () => EVIDENCE_DEADLINE_MS,
      handlingOf: () => ({ configuration: "c1", concurrency: 1, intervalMs: 0 }),
      send: ({ receiver, body }) => receivers.send(process, receiver.id, body),
      settings: { mode: "enforce", duplicateWindowMs: 60 * MINUTE_MS, deliveryLeaseMs: 180_000, gatherMs },
      log: () => {},
    };
    return { deps, consumer: planted, pipeline: createPipeline(deps) };
  };

  /** A storage failure outside any message's work ends one turn, not the loop; as the real runtime does. */
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch {
      // The next turn tries again.
    }
  };

  const startRuntime = (): Process => {
    const process = scheduler.spawn();
    const { deps, consumer, pipeline } = wire(process);
    const work = async (): Promise<void> => {
      for (;;) {
        await attempt(async () => {
          const received = await consumer.receive(2, WORK_LEASE_MS);
          const run = (one: (typeof received)[number]) => pipeline.run(one.work, NEVER_ABORTED);
          for (const one of received) await workOff({ consumer, random, log: deps.log, run }, one);
        });
        const waitMs = (queue.nextAtMs() ?? Infinity) - scheduler.nowMs();
        await scheduler.sleep(process, Math.min(Math.max(waitMs, 20), 10_000));
      }
    };
    const sweep = async (): Promise<void> => {
      for (;;) {
        await attempt(() => pipeline.sweepDue());
        await scheduler.sleep(process, 20_000);
      }
    };
    void attempt(() => pipeline.sweepRepositories(0));
    for (let worker = 0; worker < 3; worker++) void work();
    void sweep();
    return process;
  };

  const alone = random.chance(0.5);
  let crashes = 0;
  let stormy = true;
  const supervise = async (): Promise<void> => {
    const outside = scheduler.spawn();
    while (stormy) {
      const runtime = startRuntime();
      await scheduler.sleep(outside, random.between(2_000, 60_000));
      if (!stormy) return;
      runtime.crash();
      crashes++;
      await scheduler.sleep(outside, random.between(0, 5_000));
      // The embedded runtime knows that it is alone; where several run, leases run out.
      if (alone) {
        queue.freeAbandoned();
        state.freeAbandoned();
      }
    }
  };

  const answered: Push[] = [];
  const intake = async (push: Push): Promise<boolean> => {
    // Each request has a process of its own: a crash of the intake loses the request, and then no 2xx is sent.
    const process = scheduler.spawn();
    if (random.chance(0.02))
      void scheduler.sleep(scheduler.spawn(), random.between(0, 30)).then(() => process.crash());
    const { deps } = wire(process);
    try {
      await acceptPushes(deps, [push], true);
    } catch {
      return false;
    }
    answered.push(push);
    return true;
  };

  const publisher = createPublisher({ scheduler, random, world, intake });
  publisher.seedTags();
  void supervise();
  const concurrent = alone ? undefined : startRuntime();
  await scheduler.runUntil(START_MS + 5_000);
  const stormMs = publisher.start();
  await scheduler.runUntil(START_MS + 5_000 + stormMs);

  stormy = false;
  Object.assign(weather, CALM);
  receivers.failure = 0;
  concurrent?.crash();
  startRuntime();
  await scheduler.runUntil(scheduler.nowMs() + 12 * MINUTE_MS);
  const { deps } = wire(scheduler.spawn());
  void createPipeline(deps).sweepRepositories(0);
  await scheduler.runUntil(scheduler.nowMs() + 12 * MINUTE_MS);

  const { arrivals } = receivers;
  const aftermath = { world, state, records: state.all(), arrivals, answered, parked: queue.parked.length };
  return {
    seed,
    violations: await findViolations(aftermath),
    pushes: world.published.length,
    answered: answered.length,
    deliveries: arrivals.length,
    crashes,
  };
};
