import { PipelineError } from "../../shared/errors.ts";
import type {
  Judgement,
  RegistryReader,
  Verification,
  Verifier,
  WorkConsumer,
  WorkQueue,
} from "../../shared/ports.ts";
import type { StateStore } from "../../shared/state.ts";
import type { Process, Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";
import { repositoryKey } from "./version.ts";
import type { World } from "./world.ts";

/** How badly the world treats the pipeline; all 0 once the storm is over. */
export interface Weather {
  registryFailure: number;
  storageFailure: number;
  /** The write was done, but the answer was lost. */
  answerLost: number;
  /** Given up, and done all the same some time later. */
  landsLate: number;
  slowStep: number;
}

export const CALM: Weather = {
  registryFailure: 0,
  storageFailure: 0,
  answerLost: 0,
  landsLate: 0,
  slowStep: 0,
};

export interface Steps {
  /** One step of a process: takes simulated time, and never returns if the process crashes meanwhile. */
  step(): Promise<void>;
  /** A step that changes something: may fail before it is done, or after. */
  write<T>(work: () => Promise<T>, failure: () => Error): Promise<T>;
}

const LATEST_LANDING_MS = 30_000;

export const createSteps = (
  scheduler: Scheduler,
  process: Process,
  random: Seeded,
  weather: Weather,
): Steps => {
  const outside = scheduler.spawn();
  const step = (): Promise<void> =>
    scheduler.sleep(
      process,
      random.chance(weather.slowStep) ? random.between(500, 20_000) : random.between(0, 20),
    );
  return {
    step,
    async write(work, failure) {
      await step();
      if (random.chance(weather.storageFailure)) throw failure();
      if (random.chance(weather.landsLate)) {
        void scheduler.sleep(outside, random.between(0, LATEST_LANDING_MS)).then(work);
        throw failure();
      }
      const result = await work();
      await step();
      if (random.chance(weather.answerLost)) throw failure();
      return result;
    },
  };
};

const unavailable = (): Error => new PipelineError("simulated", { code: "STATE_UNAVAILABLE" });

/** The store as one process sees it. Reads may fail too; records and rows stay atomic, as every adapter promises. */
export const createSteppedState = (
  state: StateStore,
  steps: Steps,
  random: Seeded,
  weather: Weather,
): StateStore => {
  const read = async <T>(work: () => Promise<T>): Promise<T> => {
    await steps.step();
    if (random.chance(weather.storageFailure)) throw unavailable();
    return work();
  };
  const write = <T>(work: () => Promise<T>): Promise<T> => steps.write(work, unavailable);
  return {
    load: (subscription) => read(() => state.load(subscription)),
    commit: (subscription, version, change) => write(() => state.commit(subscription, version, change)),
    list: (limit, cursor) => read(() => state.list(limit, cursor)),
    dueReceivers: (nowMs, limit) => read(() => state.dueReceivers(nowMs, limit)),
    dueSubscriptions: (receiver, nowMs, limit) => read(() => state.dueSubscriptions(receiver, nowMs, limit)),
    dueChecks: (nowMs, limit) => read(() => state.dueChecks(nowMs, limit)),
    records: (query) => read(() => state.records(query)),
    isDone: (key) => read(() => state.isDone(key)),
    markDone: (key, expiresAtMs) => write(() => state.markDone(key, expiresAtMs)),
    loadDocument: (key) => read(() => state.loadDocument(key)),
    saveDocument: (key, version, value) => write(() => state.saveDocument(key, version, value)),
    claim: (key, owner, untilMs) => write(() => state.claim(key, owner, untilMs)),
    release: (key, owner) => write(() => state.release(key, owner)),
    prune: (beforeMs) => write(() => state.prune(beforeMs)),
  };
};

export const createSteppedQueue = (
  queue: WorkQueue & WorkConsumer,
  steps: Steps,
): WorkQueue & WorkConsumer => {
  const write = <T>(work: () => Promise<T>): Promise<T> => steps.write(work, unavailable);
  return {
    send: (messages) => write(() => queue.send(messages)),
    receive: (limit, leaseMs, kinds) => write(() => queue.receive(limit, leaseMs, kinds)),
    complete: (received) => write(() => queue.complete(received)),
    retry: (received, delayMs) => write(() => queue.retry(received, delayMs)),
    park: (received, reason) => write(() => queue.park(received, reason)),
  };
};

const encoder = new TextEncoder();

/** The registry as it is at the moment it answers. */
export const createSimulatedRegistry = (
  world: World,
  steps: Steps,
  random: Seeded,
  weather: Weather,
): RegistryReader => {
  const ask = async <T>(answer: () => T): Promise<T> => {
    await steps.step();
    if (random.chance(weather.registryFailure)) {
      throw new PipelineError("simulated", {
        code: "REGISTRY_UNAVAILABLE",
        ...(random.chance(0.3) ? { retryAfterMs: random.between(0, 20_000) } : {}),
      });
    }
    return answer();
  };
  return {
    resolveTag: (name, tag) => ask(() => world.tags.get(repositoryKey(name))?.get(tag)),
    async *listTags(name) {
      yield* await ask(() => [...(world.tags.get(repositoryKey(name))?.keys() ?? [])]);
    },
    fetchManifest: ({ digest }) =>
      ask(() => {
        const subject = world.subjects.get(digest);
        if (subject === undefined && world.versionOf(digest) === undefined) return undefined;
        const bytes = encoder.encode(subject === undefined ? "{}" : `{"subject":{"digest":"${subject}"}}`);
        return { mediaType: "application/vnd.oci.image.manifest.v1+json", digest, bytes };
      }),
    fetchManifestByTag: () => ask(() => undefined),
    fetchBlob: () => ask(() => undefined),
    listReferrers: () => ask(() => []),
  };
};

const toJudgement = (verified: boolean): Judgement =>
  verified
    ? { verified: true, identity: { issuer: "i", subject: "s" } }
    : { verified: false, reason: "unsigned" };

/** The verifier itself is tested elsewhere: here a table says from when on a digest's evidence satisfies a rule. */
export const createTableVerifier = (
  world: World,
  scheduler: Scheduler,
  steps: Steps,
  random: Seeded,
  weather: Weather,
): Verifier => ({
  async verify({ digest }, rule): Promise<Verification> {
    await steps.step();
    if (random.chance(weather.registryFailure)) {
      throw new PipelineError("simulated", { code: "REGISTRY_UNAVAILABLE" });
    }
    const version = world.versionOf(digest);
    if (version?.trait === "oversized") throw new PipelineError("simulated", { code: "REGISTRY_TOO_LARGE" });
    const fromMs = version?.signedFromMs[rule.id];
    const verified = fromMs !== undefined && fromMs <= scheduler.nowMs();
    const parity = toJudgement(verified && version?.trait !== "flux-refuses");
    return { strict: toJudgement(verified), parity, differences: [], evidence: [] };
  },
});
