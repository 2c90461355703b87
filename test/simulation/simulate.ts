import type { ClusterEvent } from "../../shared/cluster-event.ts";
import { acceptPushes } from "../../shared/pipeline/intake/accept.ts";
import type { Push } from "../../shared/ports.ts";
import { findViolations } from "./checks.ts";
import { createClusters } from "./clusters.ts";
import { createFlux } from "./flux.ts";
import { createMemoryQueue } from "./memory-queue.ts";
import { createMemoryState } from "./memory-state.ts";
import { createOperator } from "./operator.ts";
import { createPolicy } from "./policy.ts";
import { CALM, createSteppedQueue, createSteps, type Weather } from "./ports.ts";
import { createPublisher } from "./publisher.ts";
import { type Plant, type Stage, startRuntime, wire } from "./runtime.ts";
import { createScheduler, type Process } from "./scheduler.ts";
import { createSeeded, type Seeded } from "./seeded.ts";
import { TIDY, type Unruliness } from "./unruly-queue.ts";
import { createWorld } from "./world.ts";

const MINUTE_MS = 60_000;
const START_MS = 1_700_000_000_000;

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly pushes: number;
  readonly answered: number;
  readonly deliveries: number;
  readonly crashes: number;
}

/** A push that got a 2xx. */
export interface AnsweredPush {
  readonly push: Push;
  readonly atMs: number;
}

const toWeather = (random: Seeded): Weather => ({
  registryFailure: random.pick([0, 0.02, 0.2]),
  storageFailure: random.pick([0, 0.01, 0.05]),
  answerLost: random.pick([0, 0.01, 0.05]),
  landsLate: random.pick([0, 0, 0.01]),
  slowStep: random.pick([0, 0.002, 0.02]),
});

const toUnruliness = (random: Seeded): Unruliness => ({
  forgetsIds: random.chance(0.5),
  duplicates: random.pick([0, 0.03, 0.2]),
  late: random.pick([0, 0.03, 0.2]),
  longestLateMs: random.pick([2_000, 30_000, 120_000]),
});

/** Clocks of instances are apart by twice that at most: a lease outlasts its attempt by more. */
export const MAX_CLOCK_ERROR_MS = 20_000;

/** Starts with a clock that is wrong, and is set to another time at some moment. */
const upsetClock = ({ scheduler, random }: Stage, process: Process): void => {
  const set = (): void => process.setClock(random.between(-MAX_CLOCK_ERROR_MS, MAX_CLOCK_ERROR_MS));
  set();
  if (random.chance(0.5)) void scheduler.sleep(scheduler.spawn(), random.between(500, 60_000)).then(set);
};

/** One machine restarts alone and knows that it does; on the clouds several run at once and share nothing but state. */
const keepRunning = (stage: Stage, alone: boolean, clocksErr: boolean) => {
  const { scheduler, random, queue, state } = stage;
  const outside = scheduler.spawn();
  let crashes = 0;
  let running = true;
  const alive = new Set<Process>();

  const loseHints = (): void => {
    // A power cut: hints are not synced, pushes are.
    queue.lose(({ work }) => work.kind !== "push" && work.kind !== "confirm" && random.chance(0.3));
  };

  const supervise = async (): Promise<void> => {
    while (running) {
      const runtime = startRuntime(stage);
      if (clocksErr) upsetClock(stage, runtime);
      alive.add(runtime);
      if (!alone && random.chance(0.2)) {
        void scheduler.sleep(outside, random.between(500, 30_000)).then(() => {
          runtime.freeze(random.between(5_000, 300_000));
        });
      }
      await scheduler.sleep(outside, random.between(2_000, 60_000));
      if (!running) return;
      // One that sleeps is not restarted: it wakes up in a world that went on.
      const awakeMs = runtime.frozenUntilMs - scheduler.nowMs();
      if (awakeMs > 0) await scheduler.sleep(outside, awakeMs + random.between(0, 2_000));
      runtime.crash();
      alive.delete(runtime);
      crashes++;
      if (!running) return;
      await scheduler.sleep(outside, random.between(0, 5_000));
      // Once stopped, somebody else runs, and has leases that nobody abandoned.
      if (!running || !alone) continue;
      if (random.chance(0.3)) loseHints();
      queue.freeAbandoned();
      state.freeAbandoned();
    }
  };

  const runtimes = alone ? 1 : random.between(2, 3);
  for (let runtime = 0; runtime < runtimes; runtime++) void supervise();
  return {
    crashes: () => crashes,
    stop(): void {
      running = false;
      for (const process of alive) process.crash();
    },
  };
};

const run = async (seed: number, plant: Plant): Promise<Outcome> => {
  const random = createSeeded(seed);
  const scheduler = createScheduler(START_MS);
  const world = createWorld(random, scheduler.nowMs);
  const alone = random.chance(0.4);
  const clocksErr = random.chance(0.25);
  const weather = toWeather(random);
  const queue = createMemoryQueue(scheduler);
  const tell = async (event: ClusterEvent): Promise<void> => {
    const steps = createSteps(scheduler, scheduler.spawn(), random, weather);
    const work = { kind: "confirm", event, receivedAtMs: scheduler.nowMs() } as const;
    // Flux tries a few times and then forgets it.
    await createSteppedQueue(queue, steps)
      .send([{ id: `confirm/${event.key}`, work }])
      .catch(() => {});
  };
  const flux = createFlux({ scheduler, random, world, tell });
  const stage: Stage = {
    scheduler,
    random,
    world,
    weather,
    queue,
    state: createMemoryState(scheduler),
    clusters: createClusters(scheduler, random, random.pick([0, 0.05, 0.4]), !alone, flux.look),
    unruliness: alone ? TIDY : toUnruliness(random),
    gatherMs: random.pick([0, 100, 2_000]),
    plant,
  };

  const answered: AnsweredPush[] = [];
  const intake = async (push: Push): Promise<boolean> => {
    // Each request has a process of its own: a crash of the intake loses the request, and then no 2xx is sent.
    const process = scheduler.spawn();
    if (clocksErr) upsetClock(stage, process);
    if (random.chance(0.02)) {
      void scheduler.sleep(scheduler.spawn(), random.between(0, 30)).then(() => process.crash());
    }
    try {
      await acceptPushes(wire(stage, process).deps, [push], true);
    } catch {
      return false;
    }
    answered.push({ push, atMs: scheduler.nowMs() });
    return true;
  };

  const publisher = createPublisher({ scheduler, random, world, intake });
  const operator = createOperator(stage);
  publisher.seedTags();
  world.enact(createPolicy(random, world.repositories, world.published, START_MS));

  const { registryFailure } = weather;
  if (random.chance(0.3)) {
    // The first start, while nobody answers; pushes queue up meanwhile.
    weather.registryFailure = 1;
    void scheduler.sleep(scheduler.spawn(), random.between(5_000, 60_000)).then(() => {
      if (weather.registryFailure === 1) weather.registryFailure = registryFailure;
    });
  }
  const service = keepRunning(stage, alone, clocksErr);
  if (random.chance(0.5)) await scheduler.runUntil(START_MS + 5_000);
  const stormMs = publisher.start();
  operator.start(stormMs);
  await scheduler.runUntil(scheduler.nowMs() + stormMs);

  service.stop();
  Object.assign(weather, CALM);
  stage.clusters.calm();
  const calm: Stage = { ...stage, unruliness: TIDY };
  startRuntime(calm);
  await scheduler.runUntil(scheduler.nowMs() + 12 * MINUTE_MS);
  if (random.chance(0.5)) void operator.rollBackAll();
  const { pipeline } = wire(calm, scheduler.spawn());
  void pipeline.sweepRepositories(0);
  await scheduler.runUntil(scheduler.nowMs() + 12 * MINUTE_MS);

  const { arrivals, refusals } = stage.clusters;
  const violations = await findViolations({
    world,
    state: stage.state,
    records: stage.state.all(),
    writtenAtMs: stage.state.writtenAtMs,
    arrivals,
    refusals,
    answered,
    startMs: START_MS,
    requests: stage.clusters.requests,
    repokes: world.policy().handling.confirmation?.repokes ?? 0,
    clockErrorMs: clocksErr ? MAX_CLOCK_ERROR_MS : 0,
    parked: stage.queue.parked.map(({ message: { id }, reason }) => `${id}: ${reason}`),
  });
  return {
    seed,
    violations,
    pushes: world.published.length,
    answered: answered.length,
    deliveries: arrivals.length,
    crashes: service.crashes(),
  };
};

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
