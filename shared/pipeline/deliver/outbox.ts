import type { Change } from "../../delivery/change.ts";
import type { QueuedWork } from "../../ports.ts";
import type { Receiver } from "../../receiver.ts";
import { dueAtMsOf, type OutboxEntry, type SubscriptionState } from "../../state.ts";
import { unasked } from "../confirm/confirmable.ts";
import type { CatalogView, DeliverDeps } from "../deps.ts";
import { concludeDecision, type Withdrawal } from "../evaluate/conclude.ts";
import { withdrawn } from "../evaluate/desired.ts";
import { hintListing, isListingStale } from "../evaluate/listing.ts";
import { toRequirementId } from "../evaluate/verdict.ts";
import { hintNextCheck } from "../hints.ts";
import { versionOf } from "../version.ts";
import { type DueEntry, updateEntry, withEntry } from "./entries.ts";

/** Why an entry may not leave any more, by the catalog, the rules and the mode in use now. */
const refusalOf = (
  { requirementOf, settings }: DeliverDeps,
  catalog: CatalogView,
  receiver: string,
  { state, entry }: DueEntry,
): Withdrawal["reason"] | undefined => {
  if (settings.mode === "observe") return "observing";
  const subscription = catalog.subscription(state.subscription);
  if (subscription === undefined || subscription.selectorHash !== state.selectorHash)
    return "catalog-changed";
  if (!subscription.receivers.includes(receiver)) return "catalog-changed";
  if (subscription.suspended) return "suspended";
  return toRequirementId(requirementOf(subscription)) === entry.requirement ? undefined : "rules-changed";
};

/**
 * Whether what was accepted may be poked again: it must still be what Flux would pick. Otherwise the poke would bring
 * something else, verified or not.
 */
const isStillPicked = ({ state: { selection }, entry }: DueEntry): boolean =>
  selection?.decisionId === entry.decisionId &&
  (selection.status === "verified" || selection.status === "allowed");

/** What was verified under other rules is looked at again, from the start. */
const reopen = (deps: DeliverDeps, state: SubscriptionState, entry: OutboxEntry): SubscriptionState => {
  const { selection } = state;
  const subscription = deps.catalog().subscription(state.subscription);
  if (subscription === undefined || selection?.decisionId !== entry.decisionId) return state;
  const nowMs = deps.clock.nowMs();
  const deadlineMs = nowMs + deps.evidenceDeadlineMsOf(subscription);
  const pending = { status: "pending", reason: "rules-changed", checkAtMs: nowMs, deadlineMs } as const;
  return { ...state, selection: { ...selection, ...pending } };
};

const withdraw = async (
  deps: DeliverDeps,
  receiver: string,
  due: DueEntry,
  reason: Withdrawal["reason"],
): Promise<void> => {
  const { state, entry } = due;
  const { decisionId } = entry;
  deps.log("delivery-withdrawn", {
    receiver,
    subscription: state.subscription,
    decision: decisionId,
    reason,
  });
  const records = await concludeDecision(deps, { decisionId, outcome: "notify" }, { reason });
  const next = await updateEntry(
    deps,
    receiver,
    due,
    (now, current) => {
      const kept = withEntry(now, receiver, withdrawn(current, reason));
      return reason === "rules-changed" ? reopen(deps, kept, current) : kept;
    },
    records,
  );
  if (next !== undefined) await hintNextCheck(deps, next);
};

const forgetRepoke = async (deps: DeliverDeps, receiver: string, due: DueEntry): Promise<void> => {
  await updateEntry(deps, receiver, due, (now, current) => withEntry(now, receiver, unasked(current)), []);
};

/** A decision that waits for others to come along may leave with one that does not wait any more. */
const isDue = (entry: OutboxEntry, nowMs: number, gatherMs: number): boolean => {
  const dueAtMs = dueAtMsOf(entry);
  return dueAtMs !== undefined && dueAtMs <= (entry.attempts === 0 ? nowMs + gatherMs : nowMs);
};

/** What is due for one receiver now. What the catalog no longer stands behind is withdrawn on the way. */
export const loadDue = async (
  deps: DeliverDeps,
  receiver: string,
  limit: number,
): Promise<readonly DueEntry[]> => {
  const nowMs = deps.clock.nowMs();
  const { gatherMs } = deps.settings;
  const catalog = deps.catalog();
  const due: DueEntry[] = [];
  const unsure = new Map<string, QueuedWork>();
  for (const id of await deps.state.dueSubscriptions(receiver, nowMs + gatherMs, limit)) {
    const state = await deps.state.load(id);
    const entry = state.outbox[receiver];
    if (entry === undefined || !isDue(entry, nowMs, gatherMs)) continue;
    const one = { state, entry };
    const refusal = refusalOf(deps, catalog, receiver, one);
    const subscription = catalog.subscription(id);
    if (refusal === undefined && subscription !== undefined && isListingStale(deps, subscription, state)) {
      const hint = hintListing(subscription);
      unsure.set(hint.id, hint);
    } else if (entry.state === "accepted") {
      if (refusal === undefined && isStillPicked(one)) due.push(one);
      else await forgetRepoke(deps, receiver, one);
    } else if (refusal === undefined) due.push(one);
    else await withdraw(deps, receiver, one, refusal);
  }
  // It is due again once that is done.
  if (unsure.size > 0) await deps.queue.send([...unsure.values()]);
  return due;
};

/** What the receiver is told of one entry; undefined once the object left the catalog. */
export const toChange = (
  catalog: CatalogView,
  receiver: Receiver,
  { state, entry }: DueEntry,
): Change | undefined => {
  const subscription = catalog.subscription(state.subscription);
  if (subscription === undefined) return undefined;
  return {
    ...versionOf(entry),
    decisionId: entry.decisionId,
    ...("cluster" in receiver ? {} : { cluster: subscription.cluster }),
    object: subscription.target,
    repository: subscription.repository,
    ...(entry.previous === undefined ? {} : { previous: versionOf(entry.previous) }),
    ...(entry.identity === undefined ? {} : { identity: entry.identity }),
  };
};
