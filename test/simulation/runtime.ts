import type { CatalogView, PipelineDeps } from "../../shared/pipeline/deps.ts";
import { createSelectors } from "../../shared/pipeline/selectors.ts";
import { workOff } from "../../shared/pipeline/worker.ts";
import { createPipeline } from "../../shared/pipeline.ts";
import type { Verifier, WorkConsumer, WorkQueue } from "../../shared/ports.ts";
import type { StateStore } from "../../shared/state.ts";
import { type Clusters, RECEIVER_TIMEOUT_MS } from "./clusters.ts";
import type { MemoryQueue } from "./memory-queue.ts";
import type { MemoryState } from "./memory-state.ts";
import { type Policy, requirementUnder, toCatalog } from "./policy.ts";
import {
  createSimulatedRegistry,
  createSteppedQueue,
  createSteppedState,
  createSteps,
  createTableVerifier,
  type Weather,
} from "./ports.ts";
import type { Process, Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";
import { createUnrulyQueue, type Unruliness } from "./unruly-queue.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;
const WORK_LEASE_MS = 30_000;
/** As the runtimes reckon it: three requests of one attempt, and a minute. */
const DELIVERY_LEASE_MS = 3 * RECEIVER_TIMEOUT_MS + MINUTE_MS;
const TAGS_MAX_AGE_MS = 30_000;
export const EVIDENCE_DEADLINE_MS = 2 * MINUTE_MS;
const SWEEP_DUE_MS = 20_000;
const LONGEST_RELOAD_MS = 10_000;
const LONGEST_IDLE_MS = 30_000;
const NEVER_ABORTED = new AbortController().signal;

/** Changes a part of the pipeline's surroundings: how a test plants a bug that the checks must find. */
export interface Plant {
  readonly verifier?: (verifier: Verifier) => Verifier;
  readonly queue?: (queue: WorkQueue & WorkConsumer) => WorkQueue & WorkConsumer;
  readonly state?: (state: StateStore) => StateStore;
  readonly deps?: (deps: PipelineDeps) => PipelineDeps;
}

/** All that every process of one run shares. */
export interface Stage {
  readonly scheduler: Scheduler;
  readonly random: Seeded;
  readonly world: World;
  readonly weather: Weather;
  readonly queue: MemoryQueue;
  readonly state: MemoryState;
  readonly clusters: Clusters;
  readonly unruliness: Unruliness;
  readonly gatherMs: number;
  readonly plant: Plant;
}

const selectorOf = createSelectors();

/** One process's view of the world; it hears of a new policy only when it looks. */
export const wire = (stage: Stage, process: Process) => {
  const { scheduler, random, world, weather, plant } = stage;
  const steps = createSteps(scheduler, process, random, weather);
  const stepped = createSteppedQueue(createUnrulyQueue(stage.queue, random, stage.unruliness), steps);
  const queue = plant.queue?.(stepped) ?? stepped;
  const steppedState = createSteppedState(stage.state.under(process.clock), steps, random, weather);
  const verifier = createTableVerifier(world, scheduler, steps, random, weather);
  // sluice.yaml is read at the start, the manifests over and over.
  const config = world.policy();
  const requirementOf = requirementUnder(config);
  let policy: Policy = config;
  let catalog: CatalogView = toCatalog(policy);
  const wired: PipelineDeps = {
    clock: process.clock,
    stopwatch: { runningMs: scheduler.nowMs },
    random,
    queue,
    state: plant.state?.(steppedState) ?? steppedState,
    registry: createSimulatedRegistry(world, steps, random, weather),
    verifier: plant.verifier?.(verifier) ?? verifier,
    catalog() {
      world.use(policy);
      return catalog;
    },
    selectorOf,
    requirementOf(subscription) {
      world.use(config);
      return requirementOf(subscription);
    },
    evidenceDeadlineMsOf: () => EVIDENCE_DEADLINE_MS,
    handlingOf() {
      world.use(config);
      return config.handling;
    },
    secretsOf: async (receiver) => stage.clusters.secretsOf(receiver),
    send: (delivery, signal) => stage.clusters.send(process, delivery, signal),
    settings: {
      get mode() {
        world.use(config);
        return config.mode;
      },
      duplicateWindowMs: 60 * MINUTE_MS,
      deliveryLeaseMs: DELIVERY_LEASE_MS,
      tagsMaxAgeMs: TAGS_MAX_AGE_MS,
      gatherMs: stage.gatherMs,
    },
    log: () => {},
  };
  const deps = plant.deps?.(wired) ?? wired;
  return {
    deps,
    queue,
    pipeline: createPipeline(deps),
    reload(): boolean {
      if (policy === world.policy()) return false;
      policy = world.policy();
      catalog = toCatalog(policy);
      return true;
    },
  };
};

/** A storage failure outside any message's work ends one turn, not the loop; as the real runtime does. */
const attempt = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch {
    // The next turn tries again.
  }
};

/** Starts a Sluice: workers, timers, and the sweep with which each begins. */
export const startRuntime = (stage: Stage): Process => {
  const { scheduler, random } = stage;
  const process = scheduler.spawn();
  const { deps, queue, pipeline, reload } = wire(stage, process);
  const reloadMs = random.between(1_000, LONGEST_RELOAD_MS);
  const work = async (): Promise<void> => {
    for (;;) {
      await attempt(async () => {
        const received = await queue.receive(2, WORK_LEASE_MS);
        const run = (one: (typeof received)[number]) => pipeline.run(one.work, NEVER_ABORTED);
        for (const one of received) await workOff({ consumer: queue, random, log: deps.log, run }, one);
      });
      const waitMs = (stage.queue.nextAtMs() ?? Infinity) - scheduler.nowMs();
      await scheduler.sleep(process, Math.min(Math.max(waitMs, 20), LONGEST_IDLE_MS));
    }
  };
  const every = async (intervalMs: number, turn: () => Promise<void>): Promise<void> => {
    for (;;) {
      await attempt(turn);
      await scheduler.sleep(process, intervalMs);
    }
  };
  void attempt(() => pipeline.sweepRepositories(0));
  for (let worker = 0; worker < 3; worker++) void work();
  void every(SWEEP_DUE_MS, () => pipeline.sweepDue());
  void every(reloadMs, async () => {
    if (reload()) await pipeline.sweepRepositories(0);
  });
  return process;
};
