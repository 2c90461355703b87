import type { Digest } from "../../shared/artifact/digest.ts";
import { compileSelector } from "../../shared/policy/select.ts";
import type { Subscription } from "../../shared/ports.ts";
import type { FluxSelection, SubscriptionState, Version } from "../../shared/state.ts";
import {
  type Aftermath,
  arrivalsFor,
  decisionsOf,
  findIn,
  policiesSince,
  type StoredDecision,
} from "./aftermath.ts";
import { repositoryKey } from "./version.ts";
import { isVerified } from "./world.ts";

const NOTHING = "nothing";

const show = (version: { readonly tag?: string; readonly digest: Digest } | undefined): string =>
  version === undefined ? NOTHING : `${version.tag ?? "-"}@${version.digest}`;

/** What Flux would pick from all tags as they are now; `current` settles what Flux leaves open. */
const fluxPick = (
  { world }: Aftermath,
  { selector, repository }: Subscription,
  current?: string,
): string | undefined => {
  if (selector.kind === "digest") {
    return world.versionOf(selector.digest) === undefined ? NOTHING : show({ digest: selector.digest });
  }
  const tags = world.tags.get(repositoryKey(repository)) ?? new Map<string, Digest>();
  const pick = compileSelector(selector).pick([...tags.keys()], current);
  // Flux refuses the object itself: it stays where it is.
  if (pick.kind === "error") return undefined;
  const digest = pick.kind === "picked" ? tags.get(pick.tag) : undefined;
  return pick.kind === "picked" && digest !== undefined ? show({ tag: pick.tag, digest }) : NOTHING;
};

/**
 * A selection whose tag was deleted stays until a person rolls back, if what Flux would take instead is older than
 * what was selected, or than what the receivers were, or may have been, told of.
 */
const mayStay = (
  aftermath: Aftermath,
  subscription: Subscription,
  selection: FluxSelection,
  picked: string,
): boolean => {
  const { tag } = selection;
  const tags = aftermath.world.tags.get(repositoryKey(subscription.repository));
  if (tag === undefined || tags?.has(tag) === true) return false;
  if (picked === NOTHING) return true;
  const pickedTag = picked.slice(0, picked.lastIndexOf("@"));
  const selector = compileSelector(subscription.selector);
  const isBehind = (other: string | undefined): boolean =>
    other !== undefined && selector.compare(pickedTag, other) < 0;
  const held = selection.status === "pending" || selection.status === "rejected";
  if (!held) return isBehind(tag);
  const decided = decisionsOf(aftermath, subscription.id).filter(
    ({ outcome, facts }) => outcome === "notify" && facts.mode === "enforce",
  );
  return [...arrivalsFor(aftermath, subscription), ...decided].some((one) => isBehind(one.tag));
};

/**
 * When the tag came to name this digest, the last time. For who looks at tags alone: when there was such a tag first, and
 * never where it was moved since; a tag that is new and moved within the first half minute may go untold there.
 */
const namedAtMs = (
  { world }: Aftermath,
  { repository, selector }: Subscription,
  { tag, digest }: FluxSelection,
): number => {
  const ofTag = world.history.filter(
    (change) => change.repository === repositoryKey(repository) && change.tag === tag,
  );
  if (selector.kind === "image-policy") return ofTag.length === 1 ? (ofTag[0]?.atMs ?? 0) : 0;
  return ofTag.findLast((change) => change.digest === digest)?.atMs ?? 0;
};

/** Half a minute after the first look an event of what was there already is a push of the same again. */
const LATE_EVENT_MS = 30_000;

/** Pushed while Sluice ran, announced, and yet taken for something that was there before. */
const isSwallowed = (aftermath: Aftermath, subscription: Subscription, selection: FluxSelection): boolean => {
  const { answered, startMs, clockErrorMs } = aftermath;
  const pushedAtMs = namedAtMs(aftermath, subscription, selection);
  if (selection.status !== "baseline" || pushedAtMs <= startMs) return false;
  const everSame = aftermath.world.policies.every((policy) => {
    const then = findIn(policy, subscription.id);
    return then !== undefined && !then.suspended && then.selectorHash === subscription.selectorHash;
  });
  return (
    everSame &&
    answered.some(
      ({ push, atMs }) =>
        push.tag === selection.tag &&
        atMs >= pushedAtMs &&
        atMs <= selection.sinceMs + LATE_EVENT_MS - 2 * clockErrorMs &&
        `${push.registry}/${push.repository}` === repositoryKey(subscription.repository) &&
        (push.digest === undefined || push.digest === selection.digest),
    )
  );
};

/** Of a verified version that nobody is told of. */
const UNTOLD_REASONS: readonly string[] = ["no-receiver", "digest-not-reflected"];

/** The record of having accepted the version, whether or not it was anything to tell. */
const acceptanceOf = (aftermath: Aftermath, id: string, decisionId: string): StoredDecision | undefined =>
  decisionsOf(aftermath, id).find(
    ({ outcome, reason, ...one }) =>
      one.decisionId === decisionId && (outcome === "notify" || UNTOLD_REASONS.includes(reason)),
  );

/** Why a receiver need not know of a verified selection. Each excuse is held against what really happened. */
const isExcused = (
  aftermath: Aftermath,
  { outbox }: SubscriptionState,
  decision: StoredDecision,
  receiver: string,
): boolean => {
  const { refusals, clockErrorMs } = aftermath;
  const decidedAtMs = decision.atMs - clockErrorMs;
  if (decision.facts.mode === "observe") {
    return policiesSince(aftermath, decidedAtMs).some(({ mode }) => mode === "observe");
  }
  switch (outbox[receiver]?.state) {
    case "parked":
      return refusals.some((one) => one.receiver === receiver && one.atMs >= decidedAtMs);
    case "disabled":
      return refusals.some((one) => one.receiver === receiver && one.status === 410);
    default:
      return false;
  }
};

/** An ImagePolicy that looks at tags alone sees no difference between two digests. */
const isSame = ({ selector }: Subscription, told: Version, selection: Version): boolean =>
  selector.kind === "image-policy" ? told.tag === selection.tag : show(told) === show(selection);

/** Each receiver ends with the newest verified decision. */
const checkTold = (aftermath: Aftermath, subscription: Subscription, state: SubscriptionState): string[] => {
  const { selection } = state;
  if (selection?.status !== "verified" && selection?.status !== "allowed") return [];
  if (aftermath.world.policy().mode === "observe") return [];
  const decision = acceptanceOf(aftermath, subscription.id, selection.decisionId);
  return subscription.receivers
    .filter((receiver) => {
      const last = arrivalsFor(aftermath, subscription).findLast(
        (arrival) => arrival.accepted && arrival.receiver === receiver,
      );
      if (last !== undefined && isSame(subscription, toVersion(last), selection)) return false;
      return decision === undefined || !isExcused(aftermath, state, decision, receiver);
    })
    .map((receiver) => `${receiver} was never told that ${subscription.id} selects ${show(selection)}`);
};

/** What a receiver answers to who shows it a wrong secret. */
const SECRET_REFUSALS: ReadonlySet<string | undefined> = new Set(["not-found", "bad-request"]);

/** What was parked for a wrong secret goes out once that is mended in place. */
const checkMended = (
  { world }: Aftermath,
  subscription: Subscription,
  state: SubscriptionState,
): string[] => {
  const { selection, outbox } = state;
  if (selection === undefined || world.policy().mode === "observe") return [];
  return subscription.receivers
    .filter((receiver) => {
      const entry = outbox[receiver];
      return (
        entry?.state === "parked" &&
        entry.decisionId === selection.decisionId &&
        SECRET_REFUSALS.has(entry.lastOutcome)
      );
    })
    .map(
      (receiver) => `${receiver} has its right secret, and ${subscription.id} stays parked for a wrong one`,
    );
};

const toVersion = ({ tag, digest }: { readonly tag: string | undefined; readonly digest: Digest }) =>
  tag === undefined ? { digest } : { tag, digest };

/** The selection is what Flux would pick over all tags; its status is the truth; the receivers know it. */
export const checkSelections = async (aftermath: Aftermath): Promise<string[]> => {
  const { world, state } = aftermath;
  const policy = world.policy();
  const violations: string[] = [];
  for (const subscription of policy.subscriptions) {
    if (subscription.suspended) continue;
    const row = await state.load(subscription.id);
    const { selection } = row;
    const picked = fluxPick(aftermath, subscription, selection?.tag);
    if (picked === undefined) continue;
    const actual = show(selection);
    if (actual !== picked) {
      const stays = selection !== undefined && mayStay(aftermath, subscription, selection, picked);
      if (!stays) violations.push(`${subscription.id} ends at ${actual}, Flux at ${picked}`);
      continue;
    }
    if (selection === undefined) continue;
    const { status, digest } = selection;
    if (status === "pending") violations.push(`${subscription.id} is still pending`);
    if (status === "rejected" && isVerified(world, policy, subscription, digest, Number.POSITIVE_INFINITY))
      violations.push(`${subscription.id} still rejects ${actual}, which is verified`);
    if (isSwallowed(aftermath, subscription, selection))
      violations.push(`${subscription.id} took ${actual} for something that was there before`);
    violations.push(...checkTold(aftermath, subscription, row), ...checkMended(aftermath, subscription, row));
  }
  return violations;
};

const isRollback = ({ facts }: StoredDecision): boolean =>
  (facts.origin as { readonly source?: string } | undefined)?.source === "rollback";

/** No older decision after a newer one, as each receiver saw them; and no version backwards but by a person. */
export const checkOrder = (aftermath: Aftermath): string[] => {
  const violations: string[] = [];
  for (const subscription of aftermath.world.policy().subscriptions) {
    const decided = new Map<string, StoredDecision>();
    for (const one of decisionsOf(aftermath, subscription.id))
      if (one.outcome === "notify") decided.set(one.decisionId, one);
    const rollbacks = decisionsOf(aftermath, subscription.id).filter(isRollback);
    const selector = compileSelector(subscription.selector);
    const sameSelector = aftermath.world.policies.every(
      (policy) => findIn(policy, subscription.id)?.selectorHash === subscription.selectorHash,
    );
    const byReceiver = Map.groupBy(
      arrivalsFor(aftermath, subscription).filter(({ accepted }) => accepted),
      ({ receiver }) => receiver,
    );
    for (const [receiver, told] of byReceiver) {
      let newest: StoredDecision | undefined;
      for (const { decisionId, tag } of told) {
        const decision = decided.get(decisionId);
        if (decision === undefined) continue;
        if (newest !== undefined && decision.sequence < newest.sequence)
          violations.push(
            `${receiver} was told that ${subscription.id} selects ${tag} after something newer`,
          );
        const before = newest?.tag;
        const isBack =
          tag !== undefined && before !== undefined && selector.compare(tag, before) < 0 && sameSelector;
        const since = newest?.sequence ?? 0;
        if (isBack && !rollbacks.some(({ sequence }) => sequence > since && sequence <= decision.sequence))
          violations.push(`${subscription.id} went back from ${before} to ${tag} by itself`);
        newest = decision;
      }
    }
  }
  return violations;
};
