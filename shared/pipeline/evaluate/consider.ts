import type { Digest } from "../../artifact/digest.ts";
import { PipelineError } from "../../errors.ts";
import type { Subscription } from "../../ports.ts";
import type { DecisionRecord, SubscriptionState, Version } from "../../state.ts";
import { hintDeliveries, hintNextCheck } from "../hints.ts";
import { ensureBaseline, pickNow } from "./baseline.ts";
import { type Decided, decideIgnored, decideSelection } from "./decide.ts";
import type { NamedVersion } from "./decision-record.ts";
import { lacksEntry } from "./desired.ts";
import { settleListed } from "./listing.ts";
import { recoveredBy } from "./recovered.ts";
import { type Relation, relate } from "./relate.ts";
import { type Scope, toDecisionContext } from "./scope.ts";
import { type EvidenceVerdict, judge, TAG_GONE, toUnusable } from "./verdict.ts";

/** Racing writers of one row: each loses at most once per winner, so a handful is plenty. */
const MAX_CONFLICTS = 8;

/**
 * How a version came up; only what a registry announced gets a record when nothing follows from it. `glance`: it did
 * not say which digest was pushed, so the tag may still name what it named before.
 */
export type Occasion = "push" | "glance" | "sweep" | "check";

const isAnnounced = (occasion: Occasion): boolean => occasion === "push" || occasion === "glance";

const judgeFor = (scope: Scope, subscription: Subscription, digest: Digest): Promise<EvidenceVerdict> => {
  const { requirementOf } = scope.deps;
  return judge(
    scope.verifier,
    requirementOf(subscription),
    { ...subscription.repository, digest },
    scope.signal,
  );
};

/** Nothing that satisfies the rules was found for the selection so far. */
export const isHeld = (state: SubscriptionState): boolean =>
  state.selection?.status === "pending" || state.selection?.status === "rejected";

const resolve = async (
  { deps, signal }: Scope,
  { repository }: Subscription,
  tag: string,
): Promise<Version | undefined> => {
  const digest = await deps.registry.resolveTag(repository, tag, signal);
  return digest && { tag, digest };
};

/** Of two that compare equal Flux may still prefer one: where it knows an order of its own, or the other was deleted. */
const isPreferred = async (
  scope: Scope,
  subscription: Subscription,
  { selection }: SubscriptionState,
  version: Version,
): Promise<boolean> => (await pickNow(scope, subscription, selection?.tag))?.tag === version.tag;

/**
 * A version that was held back and then deleted hides nothing any more: Flux goes back to `version`, if that is its
 * pick now. Never behind what was delivered, or may have been (a worker that ends between the request and its record
 * leaves no trace of the answer): that takes a person.
 */
const isUncovered = async (
  scope: Scope,
  subscription: Subscription,
  state: SubscriptionState,
  version: Version,
): Promise<boolean> => {
  const { selection, delivered, outbox } = state;
  if (!isHeld(state) || selection?.tag === undefined) return false;
  if ((await resolve(scope, subscription, selection.tag)) !== undefined) return false;
  const selector = scope.deps.selectorOf(subscription.selector);
  const told = [delivered, ...Object.values(outbox)];
  if (told.some((one) => relate(selector, one, version) === "older")) return false;
  return (await pickNow(scope, subscription, undefined))?.tag === version.tag;
};

const isFluxPick = (
  scope: Scope,
  subscription: Subscription,
  state: SubscriptionState,
  version: Version,
  relation: Relation,
): boolean | Promise<boolean> => {
  switch (relation) {
    case "newer":
    case "same":
      return true;
    case "tie":
      return isPreferred(scope, subscription, state, version);
    case "older":
      return isUncovered(scope, subscription, state, version);
  }
};

/** Not what Flux would pick. A signed version under an unverified one is said loudly: somebody waits for it. */
const decideOlder = async (
  scope: Scope,
  subscription: Subscription,
  { selection }: SubscriptionState,
  version: Version,
  verdict: EvidenceVerdict | undefined,
): Promise<Decided> => {
  const context = toDecisionContext(scope, subscription);
  if (verdict === undefined || verdict.kind === "unverified")
    return decideIgnored(context, version, "not-newer");
  const facts = { shadowedBy: selection?.tag ?? selection?.digest };
  return decideIgnored(context, version, "shadowed-by-unverified", "reject", facts);
};

/** From a push to its event: registries tell late, and try again. */
const LATE_EVENT_MS = 30_000;

/**
 * A push that was on its way when the baseline was recorded (the registry was out of reach at the first start, its
 * event came late, another's push was looked at first) is news all the same: only what was there before Sluice
 * listened goes untold.
 */
const isNewsInBaseline = (
  { receivedAtMs }: Scope,
  { selection }: SubscriptionState,
  occasion: Occasion,
): boolean =>
  occasion === "push" &&
  receivedAtMs !== undefined &&
  selection?.status === "baseline" &&
  receivedAtMs <= selection.sinceMs + LATE_EVENT_MS;

/** The row as if the baseline had left out what a late push brings: a tag that moved since would pass for no news. */
const withoutBaseline = ({ selection: _baseline, ...rest }: SubscriptionState): SubscriptionState => rest;

/** What `version` means for a subscription in `state`; undefined when nothing follows from it. Writes nothing. */
export const decideVersion = async (
  scope: Scope,
  subscription: Subscription,
  state: SubscriptionState,
  version: Version,
  occasion: Occasion,
): Promise<Decided | undefined> => {
  const held = isHeld(state);
  const relation = relate(scope.deps.selectorOf(subscription.selector), state.selection, version);
  const lacks = () => lacksEntry(toDecisionContext(scope, subscription), state);
  const isNews = isNewsInBaseline(scope, state, occasion);
  if (relation === "same" && !held && !isNews && !lacks()) return undefined;
  const judged = () => judgeFor(scope, subscription, version.digest);
  if (await isFluxPick(scope, subscription, state, version, relation)) {
    const verdict = await judged();
    const known = isNews ? withoutBaseline(state) : state;
    return decideSelection(toDecisionContext(scope, subscription), known, version, verdict);
  }
  if (!isAnnounced(occasion)) return undefined;
  if (relation === "tie") return decideIgnored(toDecisionContext(scope, subscription), version, "tie");
  return decideOlder(scope, subscription, state, version, held ? await judged() : undefined);
};

const logDecisions = (scope: Scope, records: readonly DecisionRecord[]): void => {
  for (const { kind: _kind, facts: _facts, ...record } of records) scope.deps.log("decision", record);
};

/** Decides by `decide` on the state as it is, makes that durable, then hints whoever works on. */
const settleState = async (
  scope: Scope,
  subscription: Subscription,
  announced: Version | undefined,
  decide: (state: SubscriptionState) => Promise<Decided | undefined>,
): Promise<Decided | undefined> => {
  const { deps } = scope;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await ensureBaseline(scope, subscription, announced);
    const decided = await decide(state);
    if (decided === undefined) {
      // Nothing new; but an earlier run may have been cut off between its commit and its hint.
      await hintDeliveries(deps, state, state);
      return undefined;
    }
    if ((await deps.state.commit(subscription.id, state.version, decided)) === "conflict") continue;
    logDecisions(scope, decided.records);
    if (decided.next === undefined) return decided;
    await hintDeliveries(deps, decided.next, state);
    await hintNextCheck(deps, decided.next);
    return decided;
  }
  throw new PipelineError(`${subscription.id}: too many writers at once`, { code: "STATE_CONFLICT" });
};

/**
 * What the tag of `version` names, read after the state was: of two looks at a tag that moves, the older one may
 * come to be decided last.
 */
const lookAgain = async (
  scope: Scope,
  subscription: Subscription,
  { selection }: SubscriptionState,
  version: Version,
): Promise<Version | undefined> => {
  const moved = selection?.tag === version.tag && selection?.digest !== version.digest;
  return moved && version.tag !== undefined ? resolve(scope, subscription, version.tag) : version;
};

/** A version that a registry announced, or that a sweep found; answers whether that made up for a lost event. */
export const considerVersion = async (
  scope: Scope,
  subscription: Subscription,
  version: Version,
  occasion: Exclude<Occasion, "check">,
): Promise<boolean> => {
  const announced = isAnnounced(occasion) ? version : undefined;
  let before: SubscriptionState["selection"];
  const decided = await settleState(scope, subscription, announced, async (state) => {
    before = state.selection;
    const current = await lookAgain(scope, subscription, state, version);
    if (announced !== undefined && current?.digest !== announced.digest) {
      const reason = current === undefined ? "tag-gone" : "tag-moved";
      await recordIgnored(scope, subscription, announced, reason);
    }
    const next = current && (await decideVersion(scope, subscription, state, current, occasion));
    return occasion === "sweep" ? settleListed(subscription, state, next, scope.startedAtMs) : next;
  });
  const recovered = occasion === "sweep" ? recoveredBy(before, decided?.next?.selection) : undefined;
  if (recovered === undefined) return false;
  scope.deps.log("sweep-recovered", { subscription: subscription.id, recovered, ...version });
  return true;
};

/** Flux picks nothing from all tags: nothing changes, and what waits for the listing need not wait for another. */
export const considerNothing = async (scope: Scope, subscription: Subscription): Promise<void> => {
  await settleState(scope, subscription, undefined, async (state) =>
    settleListed(subscription, state, undefined, scope.startedAtMs),
  );
};

/** The selection that is held back, once more: evidence may have arrived, its deadline passed, its tag moved. */
export const considerSelection = async (scope: Scope, subscription: Subscription): Promise<void> => {
  await settleState(scope, subscription, undefined, async (state) => {
    const { selection } = state;
    if (selection === undefined || !isHeld(state)) return undefined;
    try {
      const current =
        selection.tag === undefined
          ? selection
          : ((await resolve(scope, subscription, selection.tag)) ??
            (await pickNow(scope, subscription, undefined)));
      const decided = current && (await decideVersion(scope, subscription, state, current, "check"));
      // Nothing takes its place: it waits for its tag as for evidence, and not for ever.
      return decided ?? decideSelection(toDecisionContext(scope, subscription), state, selection, TAG_GONE);
    } catch (error) {
      const verdict = toUnusable(error);
      if (verdict === undefined) throw error;
      return decideSelection(toDecisionContext(scope, subscription), state, selection, verdict);
    }
  });
};

const record = async (
  scope: Scope,
  subscription: Subscription,
  { records }: Pick<Decided, "records">,
): Promise<void> => {
  await scope.deps.state.commit(subscription.id, 0, { records });
  logDecisions(scope, records);
};

/** Records that a push cannot become this subscription's selection. */
export const recordIgnored = (
  scope: Scope,
  subscription: Subscription,
  version: NamedVersion,
  reason: string,
): Promise<void> =>
  record(scope, subscription, decideIgnored(toDecisionContext(scope, subscription), version, reason));

/** Does the work; where no retry makes the registry usable, each subscription gets that for its decision. */
export const orUnusable = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  version: NamedVersion,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
  } catch (error) {
    const verdict = toUnusable(error);
    if (verdict?.kind !== "unverified") throw error;
    for (const subscription of subscriptions) {
      const context = toDecisionContext(scope, subscription);
      await record(
        scope,
        subscription,
        decideIgnored(context, version, verdict.reason, "reject", verdict.facts),
      );
    }
  }
};
