import type { Change } from "../delivery/change.ts";
import type { Outcome, OutcomeCode } from "../delivery/outcomes.ts";
import { type NextAttempt, nextAttempt } from "../delivery/schedule.ts";
import type { AttemptRecord, OutboxEntry, StateRecord, SubscriptionState } from "../state.ts";
import { concludeDecision, type Withdrawal } from "./conclude.ts";
import type { CatalogView, DeliverDeps } from "./deps.ts";
import { withdrawn } from "./desired.ts";
import { hintNextCheck } from "./hints.ts";
import { toRequirementId } from "./verdict.ts";
import { versionOf } from "./version.ts";

const MAX_CONFLICTS = 8;

/** One subscription's entry for the receiver at hand, as it was when loaded. */
export interface DueEntry {
  readonly state: SubscriptionState;
  readonly entry: OutboxEntry;
}

/** Commits a change of one entry, unless a newer decision took its place meanwhile; answers the new row. */
const updateEntry = async (
  deps: DeliverDeps,
  receiver: string,
  { state: { subscription }, entry: { decisionId } }: DueEntry,
  change: (state: SubscriptionState, entry: OutboxEntry) => SubscriptionState,
  records: readonly StateRecord[],
): Promise<SubscriptionState | undefined> => {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await deps.state.load(subscription);
    const entry = state.outbox[receiver];
    if (entry?.decisionId !== decisionId) {
      await deps.state.commit(subscription, state.version, { records });
      return undefined;
    }
    const next = { ...change(state, entry), version: state.version + 1 };
    if ((await deps.state.commit(subscription, state.version, { next, records })) === "committed")
      return next;
  }
  deps.log("state-contended", { subscription, receiver });
  return undefined;
};

const withEntry = (state: SubscriptionState, receiver: string, entry: OutboxEntry): SubscriptionState => ({
  ...state,
  outbox: { ...state.outbox, [receiver]: entry },
});

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

/** What is due for one receiver now. What the catalog no longer stands behind is withdrawn on the way. */
export const loadDue = async (
  deps: DeliverDeps,
  receiver: string,
  limit: number,
): Promise<readonly DueEntry[]> => {
  const nowMs = deps.clock.nowMs();
  const catalog = deps.catalog();
  const due: DueEntry[] = [];
  for (const id of await deps.state.dueSubscriptions(receiver, nowMs, limit)) {
    const state = await deps.state.load(id);
    const entry = state.outbox[receiver];
    if (entry?.state !== "due" || (entry.nextAttemptAtMs ?? 0) > nowMs) continue;
    const refusal = refusalOf(deps, catalog, receiver, { state, entry });
    if (refusal === undefined) due.push({ state, entry });
    else await withdraw(deps, receiver, { state, entry }, refusal);
  }
  return due;
};

export const toChange = (catalog: CatalogView, { state, entry }: DueEntry): Change | undefined => {
  const subscription = catalog.subscription(state.subscription);
  if (subscription === undefined) return undefined;
  return {
    ...versionOf(entry),
    decisionId: entry.decisionId,
    object: subscription.target,
    repository: subscription.repository,
    ...(entry.previous === undefined ? {} : { previous: versionOf(entry.previous) }),
    ...(entry.identity === undefined ? {} : { identity: entry.identity }),
  };
};

const applyAttempt = (
  entry: OutboxEntry,
  next: NextAttempt,
  outcome: Outcome,
  nowMs: number,
): OutboxEntry => {
  const { nextAttemptAtMs: _next, refusedSinceMs: _refused, ...rest } = entry;
  const attempted = {
    ...rest,
    attempts: entry.attempts + 1,
    firstAttemptAtMs: entry.firstAttemptAtMs ?? nowMs - outcome.durationMs,
    lastOutcome: outcome.code,
  };
  // Withdrawn, or accepted from another worker, while the request was out: it is not due again for failing.
  if (entry.state !== "due" && next.kind !== "accepted") return { ...attempted, state: entry.state };
  switch (next.kind) {
    case "accepted":
      return { ...attempted, state: "accepted", acceptedAtMs: nowMs };
    case "retry": {
      const refused = next.refusedSinceMs === undefined ? {} : { refusedSinceMs: next.refusedSinceMs };
      return { ...attempted, state: "due", nextAttemptAtMs: next.atMs, ...refused };
    }
    case "parked":
    case "disabled":
      return { ...attempted, state: next.kind };
  }
};

/** Once every receiver that is still to be told has accepted. */
const toDelivered = (state: SubscriptionState, entry: OutboxEntry, nowMs: number): SubscriptionState => {
  const wanted = Object.values(state.outbox).filter(
    ({ state: now, lastOutcome }) => now !== "withdrawn" || lastOutcome !== "catalog-changed",
  );
  if (wanted.some((other) => other.state !== "accepted")) return state;
  return { ...state, delivered: { ...versionOf(entry), decisionId: entry.decisionId, atMs: nowMs } };
};

const scheduleNext = (deps: DeliverDeps, entry: OutboxEntry, outcome: Outcome, nowMs: number): NextAttempt =>
  nextAttempt({
    outcome,
    attempt: entry.attempts + 1,
    firstAttemptAtMs: entry.firstAttemptAtMs ?? nowMs - outcome.durationMs,
    // `lastOutcome` is only ever written from an Outcome's code while an entry is due.
    ...(entry.lastOutcome === undefined ? {} : { previousOutcome: entry.lastOutcome as OutcomeCode }),
    ...(entry.refusedSinceMs === undefined ? {} : { refusedSinceMs: entry.refusedSinceMs }),
    nowMs,
    random: deps.random.fraction(),
  });

/** Records one attempt for one entry and answers when the next one is due, if any. */
export const settleAttempt = async (
  deps: DeliverDeps,
  receiver: string,
  deliveryId: string,
  outcome: Outcome,
  due: DueEntry,
): Promise<number | undefined> => {
  const { state, entry } = due;
  const nowMs = deps.clock.nowMs();
  const next = scheduleNext(deps, entry, outcome, nowMs);
  const attempt: AttemptRecord = {
    kind: "attempt",
    id: `${entry.decisionId}/${receiver}/${entry.attempts + 1}/${nowMs}`,
    decisionId: entry.decisionId,
    atMs: nowMs,
    subscription: state.subscription,
    receiver,
    deliveryId,
    attempt: entry.attempts + 1,
    outcome: outcome.code,
    durationMs: outcome.durationMs,
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
  };
  const change = (now: SubscriptionState, current: OutboxEntry): SubscriptionState =>
    toDelivered(withEntry(now, receiver, applyAttempt(current, next, outcome, nowMs)), entry, nowMs);
  await updateEntry(deps, receiver, due, change, [attempt]);
  if (next.kind === "parked" || next.kind === "disabled") {
    deps.log("delivery-parked", { receiver, subscription: state.subscription, reason: next.reason });
  }
  return next.kind === "retry" ? next.atMs : undefined;
};
