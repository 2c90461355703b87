import { createHash } from "node:crypto";
import type { Digest } from "../../../shared/artifact/digest.ts";
import { formatRepository } from "../../../shared/artifact/repository.ts";
import { type Outcome, type OutcomeCode, unsent } from "../../../shared/delivery/outcomes.ts";
import { type ErrorCode, PipelineError } from "../../../shared/errors.ts";
import type { CatalogView, Delivery, PipelineDeps, ReceiverHandling } from "../../../shared/pipeline/deps.ts";
import type { Requirement } from "../../../shared/pipeline/evaluate/verdict.ts";
import { createSelectors } from "../../../shared/pipeline/selectors.ts";
import { workOff } from "../../../shared/pipeline/worker.ts";
import { createPipeline } from "../../../shared/pipeline.ts";
import type { ObjectRef, Push, Subscription, Verification, VerifyRule, Work } from "../../../shared/ports.ts";
import type { FluxReceiver } from "../../../shared/receiver.ts";
import type { DecisionRecord, SubscriptionState } from "../../../shared/state.ts";
import { createMemoryQueue } from "../../simulation/memory-queue.ts";
import { createMemoryState } from "../../simulation/memory-state.ts";

export const REPOSITORY = { registry: "registry.test", repository: "acme/app" } as const;
export const RECEIVER = "c/apps/sluice";
export const START_MS = 1_700_000_000_000;
export const DEADLINE_MS = 120_000;
export const TAGS_MAX_AGE_MS = 300_000;

export const digestOf = (text: string): Digest => `sha256:${createHash("sha256").update(text).digest("hex")}`;

export const ruleOf = (id: string, origin: VerifyRule["origin"] = "sluice"): VerifyRule => ({
  id,
  origin,
  identities: [{ issuer: "^i$", subject: "^s$" }],
  keys: [],
  transparencyLog: "required",
});

export const subscriptionOf = (changes: Partial<Subscription> = {}): Subscription => {
  const object = { apiVersion: "v1", kind: "OCIRepository", namespace: "apps", name: "app" };
  const selector = changes.selector ?? { kind: "semver", range: ">=1.0.0", dialect: "flux" };
  return {
    id: "c/OCIRepository/apps/app",
    cluster: "c",
    object,
    target: object,
    repository: REPOSITORY,
    selector,
    selectorHash: JSON.stringify(selector),
    rules: [],
    suspended: false,
    receivers: [RECEIVER],
    ...changes,
  };
};

export const receiverOf = (id: string): FluxReceiver => ({
  id,
  cluster: "c",
  namespace: "apps",
  name: id.split("/").at(-1) ?? id,
  type: "generic-hmac",
});

export const verificationOf = (strict: string, parity = strict): Verification => {
  const toJudgement = (word: string) =>
    word === "verified"
      ? ({ verified: true, identity: { issuer: "i", subject: "s" } } as const)
      : ({ verified: false, reason: word } as const);
  return { strict: toJudgement(strict), parity: toJudgement(parity), differences: [], evidence: [] };
};

/** A whole pipeline whose surroundings a test sets by hand; nothing happens but what it asks for. */
export const createHarness = (first: readonly Subscription[] = [subscriptionOf()]) => {
  let nowMs = START_MS;
  let runningMs = 0;
  const clock = { nowMs: () => nowMs };
  const queue = createMemoryQueue(clock);
  const state = createMemoryState(clock);
  const tags = new Map<string, Digest>();
  const subjects = new Map<Digest, Digest>();
  /** `verified`, or a reason; absent: unsigned. */
  const signed = new Map<Digest, string>();
  const requests: string[] = [];
  /** Rule and digest of each verification. */
  const verified: string[] = [];
  const sent: Delivery[] = [];
  const log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  const world = {
    subscriptions: first,
    catalogVersion: "c1",
    mode: "enforce" as "enforce" | "observe",
    followers: [] as readonly ObjectRef[],
    handling: { configuration: "c1", concurrency: 1, intervalMs: 0 } as ReceiverHandling,
    secrets: "s1" as string | undefined,
    gatherMs: 0,
    served: false,
    requirement: { kind: "rules", rules: [ruleOf("r1")] } as Requirement,
    registryError: undefined as ErrorCode | undefined,
    outcome: "accepted" as OutcomeCode,
    /** What else is to be said of the answer. */
    answer: {} as Partial<Pick<Outcome, "usedPreviousToken" | "unexpectedBody">>,
    /** Happens before the request leaves. */
    beforeSend: async (): Promise<void> => {},
    /** Happens while a request is out. */
    duringSend: async (): Promise<void> => {},
    /** Happens while the verifier works. */
    duringVerify: async (): Promise<void> => {},
  };
  const ask = <T>(request: string, answer: () => T): T => {
    requests.push(request);
    if (world.registryError !== undefined) throw new PipelineError("planted", { code: world.registryError });
    return answer();
  };
  const catalog = (): CatalogView => ({
    version: world.catalogVersion,
    match: (name) =>
      world.subscriptions.filter(({ repository }) => formatRepository(repository) === formatRepository(name)),
    subscription: (id) => world.subscriptions.find((one) => one.id === id),
    receiver: (id) =>
      world.subscriptions.some(({ receivers }) => receivers.includes(id)) ? receiverOf(id) : undefined,
    subscriptions: () => world.subscriptions,
    followersOf: () => world.followers,
  });
  const deps: PipelineDeps = {
    clock,
    stopwatch: { runningMs: () => runningMs },
    random: { fraction: () => 0.5 },
    queue,
    state,
    registry: {
      resolveTag: async (_name, tag) => ask(`HEAD ${tag}`, () => tags.get(tag)),
      async *listTags() {
        yield* ask("tags", () => [...tags.keys()]);
      },
      fetchManifest: async ({ digest }) =>
        ask("manifest", () => {
          const subject = subjects.get(digest);
          const text = JSON.stringify(subject === undefined ? {} : { subject: { digest: subject } });
          return { mediaType: "m", digest, bytes: new TextEncoder().encode(text) };
        }),
      fetchManifestByTag: async () => undefined,
      fetchBlob: async () => undefined,
      listReferrers: async () => [],
    },
    verifier: {
      async verify({ digest }, { id }) {
        verified.push(`${id} ${digest}`);
        await world.duringVerify();
        return verificationOf(signed.get(digest) ?? "unsigned");
      },
    },
    catalog,
    selectorOf: createSelectors(),
    requirementOf: () => world.requirement,
    evidenceDeadlineMsOf: () => DEADLINE_MS,
    handlingOf: () => world.handling,
    secretsOf: async () => world.secrets,
    isServed: () => world.served,
    async send(delivery) {
      await world.beforeSend();
      if (!delivery.mayLeave()) return unsent("cancelled");
      sent.push(delivery);
      const { outcome, secrets = "unusable" } = world;
      await world.duringSend();
      const rest = { durationMs: 5, requests: 1, usedPreviousToken: false, unexpectedBody: false };
      return { code: outcome, secrets, ...rest, ...world.answer };
    },
    settings: {
      get mode() {
        return world.mode;
      },
      duplicateWindowMs: 3_600_000,
      deliveryLeaseMs: 60_000,
      tagsMaxAgeMs: TAGS_MAX_AGE_MS,
      get gatherMs() {
        return world.gatherMs;
      },
    },
    log: (event, fields) => void log.push({ event, fields }),
  };
  const pipeline = createPipeline(deps);
  const signal = new AbortController().signal;
  const run = ({ work }: { work: Parameters<typeof pipeline.run>[0] }) => pipeline.run(work, signal);

  /** Works off what is due by now. */
  const drain = async (): Promise<void> => {
    for (let turns = 0; turns < 200; turns++) {
      const [received] = await queue.receive(1, 60_000);
      if (received === undefined) return;
      await workOff({ consumer: queue, random: deps.random, log: deps.log, run }, received);
    }
    throw new Error("the queue does not come to rest");
  };
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    await drain();
  };
  const toWork = (push: Partial<Push>, receivedAtMs: number): Extract<Work, { kind: "push" }> => ({
    kind: "push",
    push: { source: "test", kind: "artifact", ...REPOSITORY, ...push },
    receivedAtMs,
    authenticated: true,
  });
  const announce = async (push: Partial<Push>): Promise<void> => {
    await queue.send([{ id: `push/${nowMs}/${JSON.stringify(push)}`, work: toWork(push, nowMs) }]);
    await drain();
  };
  const sweep = async (): Promise<void> => {
    await pipeline.sweepRepositories(0);
    await drain();
  };
  return {
    world,
    deps,
    pipeline,
    queue,
    state,
    tags,
    subjects,
    signed,
    requests,
    verified,
    sent,
    log,
    signal,
    drain,
    advance,
    announce,
    /** Evaluates a push by itself, while something else is under way. `receivedAtMs`: long ago, unless said. */
    overtake: (push: Partial<Push>, receivedAtMs = 0) => pipeline.run(toWork(push, receivedAtMs), signal),
    sweep,
    setNow(ms: number) {
      nowMs = ms;
    },
    /** Time passes while the wall clock is set back by as much. */
    passUnseen(ms: number) {
      runningMs += ms;
    },
    /** Puts a version into the registry and announces it. */
    async publish(tag: string, word = "verified", text = tag): Promise<Digest> {
      const digest = digestOf(text);
      signed.set(digest, word);
      tags.set(tag, digest);
      await announce({ tag, digest });
      return digest;
    },
    stateOf: (id = subscriptionOf().id): Promise<SubscriptionState> => state.load(id),
    /** `outcome: reason` of each decision, in order. */
    decisions: (subscription?: string): string[] =>
      state
        .all()
        .filter((record): record is DecisionRecord & { sequence: number } => record.kind === "decision")
        .filter((record) => subscription === undefined || record.subscription === subscription)
        .map(({ outcome, reason, tag }) => `${outcome}: ${reason} ${tag ?? "-"}`),
    /** The tags that receivers were told, in order. */
    told: (): string[] => sent.flatMap(({ body }) => body.changes.map(({ tag, digest }) => tag ?? digest)),
  };
};

export type Harness = ReturnType<typeof createHarness>;
