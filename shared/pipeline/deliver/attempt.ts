import type { Outcome } from "../../delivery/outcomes.ts";
import type { NextAttempt } from "../../delivery/schedule.ts";
import type { Receiver } from "../../receiver.ts";
import type { OutboxEntry, SubscriptionState } from "../../state.ts";
import { confirmBy, isConfirmable } from "../confirm/confirmable.ts";
import type { DeliverDeps, ReceiverHandling } from "../deps.ts";
import { versionOf } from "../version.ts";
import { type DueEntry, updateEntry, withEntry } from "./entries.ts";
import { afterFailure, counted, scheduleNext, toAttemptRecord } from "./scheduled.ts";

/** One attempt for one entry, and what follows from it. */
interface Attempted {
  readonly outcome: Outcome;
  readonly next: NextAttempt;
  readonly nowMs: number;
  readonly handling: ReceiverHandling;
  /** Whether the cluster can say that it has the version. */
  readonly confirmable: boolean;
}

const applyAttempt = (
  state: SubscriptionState,
  entry: OutboxEntry,
  { outcome, next, nowMs, handling, confirmable }: Attempted,
): OutboxEntry => {
  const tried = counted(entry, outcome, nowMs);
  if (next.kind === "accepted") {
    const accepted: OutboxEntry = { ...tried, state: "accepted", acceptedAtMs: nowMs };
    return confirmable ? confirmBy(accepted, state.reported, handling.confirmation, nowMs) : accepted;
  }
  // Withdrawn, or accepted from another worker, while the request was out: it is not due again for failing.
  if (entry.state !== "due") return { ...tried, state: entry.state };
  return afterFailure(entry, outcome, next, handling.configuration, nowMs);
};

/** A poke that was made again: its failure costs nothing but the next one, and there is a last one. */
const applyRepoke = (
  state: SubscriptionState,
  entry: OutboxEntry,
  { outcome, nowMs, handling }: Attempted,
): OutboxEntry => {
  if (entry.state !== "accepted") return entry;
  const repoked = {
    ...entry,
    attempts: entry.attempts + 1,
    lastOutcome: outcome.code,
    repokes: (entry.repokes ?? 0) + 1,
  };
  return confirmBy(repoked, state.reported, handling.confirmation, nowMs);
};

/** Once every receiver that is still to be told has accepted. */
const toDelivered = (state: SubscriptionState, entry: OutboxEntry, nowMs: number): SubscriptionState => {
  const wanted = Object.values(state.outbox).filter(
    ({ state: now, lastOutcome }) =>
      now !== "disabled" && (now !== "withdrawn" || lastOutcome !== "catalog-changed"),
  );
  if (wanted.length === 0 || wanted.some((other) => other.state !== "accepted")) return state;
  return { ...state, delivered: { ...versionOf(entry), decisionId: entry.decisionId, atMs: nowMs } };
};

const logNext = (
  { log }: DeliverDeps,
  receiver: string,
  { subscription }: SubscriptionState,
  before: OutboxEntry,
  next: NextAttempt,
): void => {
  if (next.kind === "parked" || next.kind === "disabled") {
    log("delivery-parked", { receiver, subscription, reason: next.reason });
  } else if (next.kind === "retry" && next.reason === "absent-neighbour" && before.reason !== next.reason) {
    log("neighbour-absent", { receiver, subscription, attempts: before.attempts + 1 });
  }
};

/** Records one attempt for one entry and answers when the next one is due, if any. */
export const settleAttempt = async (
  deps: DeliverDeps,
  receiver: Receiver,
  deliveryId: string,
  outcome: Outcome,
  due: DueEntry,
): Promise<number | undefined> => {
  const { state, entry } = due;
  const nowMs = deps.clock.nowMs();
  const next = scheduleNext(deps, entry, outcome, nowMs);
  const subscription = deps.catalog().subscription(state.subscription);
  const handling = deps.handlingOf(receiver);
  const confirmable = subscription !== undefined && isConfirmable(subscription, receiver);
  const attempted = { outcome, next, nowMs, handling, confirmable };
  const again = entry.state === "accepted";
  const change = (now: SubscriptionState, current: OutboxEntry): SubscriptionState => {
    const changed = again ? applyRepoke(now, current, attempted) : applyAttempt(now, current, attempted);
    return toDelivered(withEntry(now, receiver.id, changed), entry, nowMs);
  };
  const where = { subscription: state.subscription, receiver: receiver.id, deliveryId };
  // Whatever came of it, an accepted entry stays one.
  const follows = again ? ({ kind: "accepted" } as const) : next;
  const record = toAttemptRecord(entry, where, outcome, follows, nowMs);
  const after = await updateEntry(deps, receiver.id, due, change, [record]);
  if (!again) logNext(deps, receiver.id, state, entry, next);
  const kept = after?.outbox[receiver.id];
  if (again && kept?.confirmed === undefined && kept?.confirmByMs === undefined) {
    deps.log("delivery-unconfirmed", {
      receiver: receiver.id,
      subscription: state.subscription,
      decision: entry.decisionId,
    });
  }
  return !again && next.kind === "retry" ? next.atMs : undefined;
};
