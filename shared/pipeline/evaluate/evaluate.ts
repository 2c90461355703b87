import type { Digest } from "../../artifact/digest.ts";
import type { RepositoryName } from "../../artifact/repository.ts";
import { PipelineError } from "../../errors.ts";
import type { RegistryReader, Subscription, Work } from "../../ports.ts";
import { hintParked } from "../deliver/mended.ts";
import type { EvaluateDeps } from "../deps.ts";
import { withGatheredHints } from "../gather-hints.ts";
import { toDuplicateKey } from "../intake/duplicate.ts";
import { type AnnouncedTag, awaitAnnounced, isSettled, lookOnceMore } from "./announced.ts";
import { approveServed } from "./approve.ts";
import { ensureBaseline, pickNow } from "./baseline.ts";
import { concludeDecision } from "./conclude.ts";
import {
  considerNothing,
  considerSelection,
  considerVersion,
  orUnusable,
  recordIgnored,
} from "./consider.ts";
import { clusterVerifies } from "./desired.ts";
import { considerEvidence } from "./evidence.ts";
import { waitsForListing } from "./listing.ts";
import { matchPush } from "./match-push.ts";
import { countRecovered } from "./recovered.ts";
import { createScope, type Scope } from "./scope.ts";
import { readSubject } from "./subject.ts";

type PushWork = Extract<Work, { kind: "push" }>;

/** One push of a tag, for one subscription. `current` is what the registry says the tag names now. */
const considerTag = async (
  scope: Scope,
  subscription: Subscription,
  announced: AnnouncedTag,
  current: Digest | undefined,
  occasion: "push" | "glance",
): Promise<void> => {
  const { selector } = subscription;
  if (subscription.suspended) return recordIgnored(scope, subscription, announced, "suspended");
  if (selector.kind === "digest") {
    const { digest } = selector;
    if (announced.digest !== digest && (announced.digest !== undefined || current !== digest))
      await recordIgnored(scope, subscription, announced, "other-digest");
    if (current !== digest && announced.digest !== digest) return;
    await considerVersion(scope, subscription, { digest }, "push");
    return;
  }
  const accepts = scope.deps.selectorOf(selector).accepts(announced.tag);
  if (!accepts.accepted) return recordIgnored(scope, subscription, announced, accepts.reason);
  // The registry decides, not the event: what the tag named when the event was made may be gone.
  if (current === undefined) return recordIgnored(scope, subscription, announced, "tag-gone");
  if (announced.digest !== undefined && announced.digest !== current) {
    await recordIgnored(scope, subscription, announced, "tag-moved");
  }
  await considerVersion(scope, subscription, { tag: announced.tag, digest: current }, occasion);
};

/** A push without a tag: a referrer (evidence for its subject), or a version for those who select by digest. */
const considerDigest = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  name: RepositoryName,
  digest: Digest,
  receivedAtMs: number,
): Promise<void> => {
  const subject = await readSubject(scope.deps.registry, { ...name, digest }, scope.signal);
  if (subject !== undefined) return considerEvidence(scope, subscriptions, name, { subject }, receivedAtMs);
  for (const subscription of subscriptions) {
    const { selector, suspended } = subscription;
    const wanted = selector.kind === "digest" && selector.digest === digest && !suspended;
    if (wanted) await considerVersion(scope, subscription, { digest }, "push");
    else await recordIgnored(scope, subscription, { digest }, "untagged");
  }
};

const considerTagged = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  name: RepositoryName,
  announced: AnnouncedTag,
  receivedAtMs: number,
): Promise<void> => {
  const { registry, clock } = scope.deps;
  const current = await registry.resolveTag(name, announced.tag, scope.signal);
  const ageMs = clock.nowMs() - receivedAtMs;
  awaitAnnounced(announced, current, ageMs);
  const occasion = announced.digest === undefined && !isSettled(ageMs) ? "glance" : "push";
  await Promise.all(
    subscriptions.map((subscription) =>
      orUnusable(scope, [subscription], announced, () =>
        considerTag(scope, subscription, announced, current, occasion),
      ),
    ),
  );
  // Docker Hub and Quay announce no digest: what the tag named may have been what it named before.
  if (announced.digest === undefined) lookOnceMore(`tag ${announced.tag}`, ageMs);
};

const considerPush = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  name: RepositoryName,
  { push: { subject, tag, digest }, receivedAtMs }: PushWork,
): Promise<void> => {
  if (subject !== undefined) {
    const evidence = {
      subject,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    };
    return considerEvidence(scope, subscriptions, name, evidence, receivedAtMs);
  }
  if (tag !== undefined) {
    const announced = digest === undefined ? { tag } : { tag, digest };
    return orUnusable(scope, subscriptions, announced, () =>
      considerTagged(scope, subscriptions, name, announced, receivedAtMs),
    );
  }
  if (digest === undefined) return;
  return orUnusable(scope, subscriptions, { digest }, () =>
    considerDigest(scope, subscriptions, name, digest, receivedAtMs),
  );
};

/** Evaluates one push. Idempotent: a second delivery of the same event changes nothing. */
export const evaluatePush = async (
  deps: EvaluateDeps,
  work: PushWork,
  signal: AbortSignal,
): Promise<void> => {
  const { push, receivedAtMs, authenticated } = work;
  const origin = { source: push.source, event: push.id, receivedAtMs, authenticated };
  const scope = createScope(deps, signal, origin, receivedAtMs);
  const matched = matchPush(scope.catalog, push, deps.log);
  if (matched === undefined) return;
  const { name, subscriptions } = matched;
  const key = toDuplicateKey(push);
  if (key !== undefined && (await deps.state.isDone(key))) return;
  // Hints leave before the mark does: a second delivery of the event would not make up for them.
  await withGatheredHints(deps, (gathering) =>
    considerPush({ ...scope, deps: gathering }, subscriptions, name, work),
  );
  if (key !== undefined) await deps.state.markDone(key, deps.clock.nowMs() + deps.settings.duplicateWindowMs);
};

/** Nobody waits for the evidence of an object that left the catalog or is suspended. */
const retire = async (
  deps: EvaluateDeps,
  id: string,
  reason: "catalog-changed" | "suspended",
): Promise<void> => {
  const state = await deps.state.load(id);
  const { selection } = state;
  if (selection?.checkAtMs === undefined) return;
  const { checkAtMs: _cleared, ...rest } = selection;
  const next = {
    ...state,
    version: state.version + 1,
    selection: { ...rest, status: "rejected", reason },
  } as const;
  const records = await concludeDecision(deps, { decisionId: rest.decisionId, outcome: "wait" }, { reason });
  // In a conflict somebody else just looked at it; if it is still due, the sweep comes back.
  await deps.state.commit(id, state.version, { next, records });
};

/** Objects of many clusters pick the same few tags: each is asked for once. What moved meanwhile is asked for again. */
const remembering = (registry: RegistryReader): RegistryReader => {
  const resolved = new Map<string, Promise<Digest | undefined>>();
  return {
    ...registry,
    resolveTag(name, tag, signal) {
      const known = resolved.get(tag) ?? registry.resolveTag(name, tag, signal);
      resolved.set(tag, known);
      return known;
    },
  };
};

/** Answers whether that made up for a lost event. */
const sweepSubscription = async (
  scope: Scope,
  subscription: Subscription,
  registry: RegistryReader,
): Promise<boolean> => {
  let recovered = false;
  try {
    const state = await ensureBaseline(scope, subscription);
    await hintParked(scope.deps, state);
    const { selection } = state;
    const looking = { ...scope, deps: { ...scope.deps, registry } };
    const version = await pickNow(looking, subscription, selection?.tag);
    if (version === undefined) await considerNothing(scope, subscription);
    else recovered = await considerVersion(scope, subscription, version, "sweep");
    if (scope.deps.isServed?.(subscription) === true) await approveServed(scope, subscription);
  } catch (error) {
    // One object's trouble that no retry ends must not keep the others from being looked at.
    if (!(error instanceof PipelineError) || error.disposition !== "drop") throw error;
    scope.deps.log("sweep-failed", { subscription: subscription.id, message: error.message });
  }
  return recovered;
};

/** A store far away is asked by several at once, and who else works does not wait for a thousand of them. */
const SWEPT_AT_ONCE = 8;

const sweepSubscriptions = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  registry: RegistryReader,
): Promise<void> => {
  for (let start = 0; start < subscriptions.length; start += SWEPT_AT_ONCE) {
    const together = subscriptions.slice(start, start + SWEPT_AT_ONCE);
    const results = await Promise.allSettled(together.map((one) => sweepSubscription(scope, one, registry)));
    const recovered = results.filter((result) => result.status === "fulfilled" && result.value);
    await countRecovered(scope.deps.state, recovered.length);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
};

/** Deliveries of this repository's objects may wait until all tags were compared: one listing serves them all. */
const compareForPokes = async (scope: Scope, asked: Subscription): Promise<void> => {
  const { deps, catalog } = scope;
  const waits = async (one: Subscription): Promise<boolean> =>
    !one.suspended && waitsForListing(deps, one, await deps.state.load(one.id));
  if (!(await waits(asked))) return;
  const all = catalog.match(asked.repository);
  const waiting = await Promise.all(all.map(waits));
  await sweepSubscriptions(
    scope,
    all.filter((_, index) => waiting[index]),
    deps.registry,
  );
};

/** Looks at one subscription again: evidence may have arrived, or its deadline passed. */
export const evaluateSubscription = async (
  deps: EvaluateDeps,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const scope = createScope(deps, signal, { source: "check" });
  const subscription = scope.catalog.subscription(id);
  if (subscription === undefined) return retire(deps, id, "catalog-changed");
  if (subscription.suspended) return retire(deps, id, "suspended");
  await considerSelection(scope, subscription);
  if (!clusterVerifies(subscription)) await compareForPokes(scope, subscription);
};

/** Compares what Flux would pick now with what each subscription of the repository knows. One listing. */
export const evaluateRepository = async (
  deps: EvaluateDeps,
  name: RepositoryName,
  signal: AbortSignal,
): Promise<void> => {
  const registry = (await deps.openForSweep?.(name)) ?? deps.registry;
  const scope = createScope({ ...deps, registry }, signal, { source: "sweep" });
  const remembered = remembering(registry);
  const looked = scope.catalog.match(name).filter(({ suspended }) => !suspended);
  await sweepSubscriptions(scope, looked, remembered);
};
