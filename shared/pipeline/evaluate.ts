import { createHash } from "node:crypto";
import type { Digest } from "../artifact/digest.ts";
import { type RepositoryName, toRepositoryName } from "../artifact/repository.ts";
import { PipelineError } from "../errors.ts";
import type { Push, Subscription, Work } from "../ports.ts";
import { ensureBaseline, pickNow } from "./baseline.ts";
import { considerVersion, recordIgnored } from "./consider.ts";
import type { PipelineDeps } from "./deps.ts";
import { createScope, type Scope } from "./scope.ts";
import { readSubject } from "./subject.ts";

type PushWork = Extract<Work, { kind: "push" }>;

/** A tag as a registry announced it; the digest is what it said then. */
interface AnnouncedTag {
  readonly tag: string;
  readonly digest?: Digest;
}

/**
 * A registry may announce a manifest just before its tag names it (CNCF Distribution does): what differs from the
 * announcement is asked about again for this long before it counts.
 */
const SETTLE_MS = 10_000;
const FIRST_SETTLE_WAIT_MS = 100;

/** Throws while the registry may still be about to do what it announced. */
const awaitAnnounced = (
  scope: Scope,
  announced: AnnouncedTag,
  current: Digest | undefined,
  receivedAtMs: number,
): void => {
  if (announced.digest === undefined || announced.digest === current) return;
  const ageMs = scope.deps.clock.nowMs() - receivedAtMs;
  if (ageMs >= SETTLE_MS) return;
  throw new PipelineError(`tag ${announced.tag} does not name what was announced yet`, {
    code: "REGISTRY_BEHIND_EVENT",
    retryAfterMs: Math.max(FIRST_SETTLE_WAIT_MS, ageMs / 2),
  });
};

/** One push of a tag, for one subscription. `current` is what the registry says the tag names now. */
const considerTag = async (
  scope: Scope,
  subscription: Subscription,
  announced: AnnouncedTag,
  current: Digest | undefined,
): Promise<void> => {
  const { selector } = subscription;
  if (subscription.suspended) return recordIgnored(scope, subscription, announced, "suspended");
  if (selector.kind === "digest") {
    const { digest } = selector;
    const named = current === digest || announced.digest === digest;
    if (!named) return recordIgnored(scope, subscription, announced, "other-digest");
    return considerVersion(scope, subscription, { digest }, "push");
  }
  const accepts = scope.deps.selectorOf(selector).accepts(announced.tag);
  if (!accepts.accepted) return recordIgnored(scope, subscription, announced, accepts.reason);
  // The registry decides, not the event: what the tag named when the event was made may be gone.
  if (current === undefined) return recordIgnored(scope, subscription, announced, "tag-gone");
  if (announced.digest !== undefined && announced.digest !== current) {
    await recordIgnored(scope, subscription, announced, "tag-moved");
  }
  return considerVersion(scope, subscription, { tag: announced.tag, digest: current }, "push");
};

/** Evidence for `subject` arrived: every subscription that waits for it, or had rejected it, looks again. */
const considerEvidence = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  subject: Digest,
): Promise<void> => {
  for (const subscription of subscriptions) {
    const { selection } = await scope.deps.state.load(subscription.id);
    if (selection?.digest !== subject || (selection.status !== "pending" && selection.status !== "rejected"))
      continue;
    await considerVersion(scope, subscription, selection, "check");
  }
};

/** A push without a tag: a referrer (evidence for its subject), or a version for those who select by digest. */
const considerDigest = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  name: RepositoryName,
  digest: Digest,
): Promise<void> => {
  const subject = await readSubject(scope.deps.registry, { ...name, digest }, scope.signal);
  if (subject !== undefined) return considerEvidence(scope, subscriptions, subject);
  for (const subscription of subscriptions) {
    const { selector, suspended } = subscription;
    const wanted = selector.kind === "digest" && selector.digest === digest && !suspended;
    if (wanted) await considerVersion(scope, subscription, { digest }, "push");
    else await recordIgnored(scope, subscription, { digest }, "untagged");
  }
};

const considerPush = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  name: RepositoryName,
  { push, receivedAtMs }: PushWork,
): Promise<void> => {
  const { subject, tag, digest } = push;
  if (subject !== undefined) return considerEvidence(scope, subscriptions, subject);
  if (tag !== undefined) {
    const current = await scope.deps.registry.resolveTag(name, tag, scope.signal);
    const announced = digest === undefined ? { tag } : { tag, digest };
    awaitAnnounced(scope, announced, current, receivedAtMs);
    await Promise.all(
      subscriptions.map((subscription) => considerTag(scope, subscription, announced, current)),
    );
  } else if (digest !== undefined) {
    await considerDigest(scope, subscriptions, name, digest);
  }
};

/** An event without an id of its own cannot be told from a second push of the same. */
const duplicateKey = (push: Push): string | undefined =>
  push.id === undefined
    ? undefined
    : `push/${createHash("sha256").update(JSON.stringify(push)).digest("hex")}`;

/** Evaluates one push. Idempotent: a second delivery of the same event changes nothing. */
export const evaluatePush = async (
  deps: PipelineDeps,
  work: PushWork,
  signal: AbortSignal,
): Promise<void> => {
  const { push, receivedAtMs, authenticated } = work;
  if (push.kind === "ignored" || push.registry === undefined || push.repository === undefined) return;
  const name = toRepositoryName(push.registry, push.repository);
  const origin = { source: push.source, event: push.id, receivedAtMs, authenticated };
  const scope = createScope(deps, signal, origin);
  const subscriptions = scope.catalog.match(name);
  // Most pushes to a shared registry: no mark is left for each, since looking again costs nothing.
  if (subscriptions.length === 0) {
    return deps.log("push-unmatched", { source: push.source, ...name, tag: push.tag });
  }
  const key = duplicateKey(push);
  if (key !== undefined && (await deps.state.isDone(key))) return;
  await considerPush(scope, subscriptions, name, work);
  if (key !== undefined) await deps.state.markDone(key, deps.clock.nowMs() + deps.settings.duplicateWindowMs);
};

/** Looks at one subscription again: evidence may have arrived, or its deadline passed. */
export const evaluateSubscription = async (
  deps: PipelineDeps,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const scope = createScope(deps, signal, { source: "check" });
  const subscription = scope.catalog.subscription(id);
  if (subscription === undefined || subscription.suspended) return;
  const { selection } = await ensureBaseline(scope, subscription);
  if (selection?.status !== "pending" && selection?.status !== "rejected") return;
  await considerVersion(scope, subscription, selection, "check");
};

/** Compares what Flux would pick now with what each subscription of the repository knows. One listing. */
export const evaluateRepository = async (
  deps: PipelineDeps,
  name: RepositoryName,
  signal: AbortSignal,
): Promise<void> => {
  const scope = createScope(deps, signal, { source: "sweep" });
  for (const subscription of scope.catalog.match(name)) {
    if (subscription.suspended) continue;
    const { selection } = await ensureBaseline(scope, subscription);
    const version = await pickNow(scope, subscription, selection?.tag);
    if (version !== undefined) await considerVersion(scope, subscription, version, "sweep");
  }
};
