import type { Subscription } from "../../ports.ts";
import type { DecisionRecord, FluxSelection, OutboxEntry, SubscriptionState, Version } from "../../state.ts";
import { unasked } from "../confirm/confirmable.ts";
import { versionOf } from "../version.ts";
import { type DecisionContext, toDecisionRecord } from "./decision-record.ts";

type Outbox = SubscriptionState["outbox"];

/** Whether the object's own manifest makes Flux refuse what is not signed. */
export const clusterVerifies = (subscription: Subscription): boolean =>
  subscription.rules.some((rule) => rule.origin === "object");

/** The entry as it stays behind: never sent again. */
export const withdrawn = (
  { nextAttemptAtMs: _dropped, ...rest }: OutboxEntry,
  lastOutcome = rest.lastOutcome,
): OutboxEntry => ({
  ...rest,
  state: "withdrawn",
  ...(lastOutcome === undefined ? {} : { lastOutcome }),
});

/** Decisions that have not left, and must not any more; `spares` is the one that may. */
export const withdrawDue = (
  context: DecisionContext,
  outbox: Outbox,
  { outcome, reason }: Pick<DecisionRecord, "outcome" | "reason">,
  spares?: string,
): { readonly outbox: Outbox; readonly records: readonly DecisionRecord[] } => {
  const records: DecisionRecord[] = [];
  const kept: Record<string, OutboxEntry> = {};
  for (const [receiver, entry] of Object.entries(outbox)) {
    const withdraws = entry.state === "due" && entry.decisionId !== spares;
    kept[receiver] = withdraws ? withdrawn(entry) : entry;
    if (withdraws) records.push(toDecisionRecord(context, entry, { id: entry.decisionId, outcome, reason }));
  }
  return { outbox: kept, records };
};

/**
 * Nobody is told of `selection` (Sluice observes, or nobody is there to tell). It takes the place of an older decision
 * all the same: that must not leave once Sluice enforces again.
 */
export const withdrawSuperseded = (
  context: DecisionContext,
  outbox: Outbox,
  { decisionId }: FluxSelection,
): ReturnType<typeof withdrawDue> =>
  withdrawDue(context, outbox, { outcome: "ignore", reason: "superseded" }, decisionId);

/**
 * Older decisions under something unverified: a poke makes Flux take its newest match, so where the cluster itself
 * does not verify they must not leave while that match is unverified.
 */
export const withdrawShadowed = (context: DecisionContext, outbox: Outbox): ReturnType<typeof withdrawDue> =>
  clusterVerifies(context.subscription)
    ? { outbox, records: [] }
    : withdrawDue(context, outbox, { outcome: "reject", reason: "shadowed-by-unverified" });

/** Flux looks at the tag alone, and it had that before these bytes: it sees no difference. */
export const isUnreflected = (
  { selector }: Subscription,
  { selection }: SubscriptionState,
  { tag, digest }: Version,
): boolean => {
  if (selector.kind !== "image-policy" || selector.digest === "always") return false;
  const isSettled =
    selection !== undefined && selection.status !== "pending" && selection.status !== "rejected";
  return isSettled && selection.tag === tag && selection.digest !== digest;
};

/** The receivers that must hear of a tag that only moved: those that never heard of it. Nobody hears of a baseline. */
export const unawareOf = (
  { receivers }: Subscription,
  { selection, outbox }: SubscriptionState,
): readonly string[] =>
  selection?.status === "baseline"
    ? []
    : receivers.filter((id) => outbox[id]?.state !== "accepted" || outbox[id].tag !== selection?.tag);

/**
 * Whether a receiver was never told of what is selected and might be: it was added since, or the reason for which its
 * entry was withdrawn is gone. What was decided while observing stays untold.
 */
export const lacksEntry = ({ mode, subscription }: DecisionContext, state: SubscriptionState): boolean => {
  const { selection, outbox } = state;
  const isTold = selection?.status === "verified" || selection?.status === "allowed";
  if (mode === "observe" || !isTold || selection.observed === true) return false;
  return subscription.receivers.some((receiver) => {
    const entry = outbox[receiver];
    return entry?.decisionId !== selection.decisionId || entry.state === "withdrawn";
  });
};

/**
 * One row for each receiver of the subscription, due now; what is under way or accepted of this very decision stays.
 * Who is not among `toTell` knows already.
 */
export const fillOutbox = (
  context: DecisionContext,
  { outbox, delivered }: SubscriptionState,
  selection: FluxSelection,
  requirement: string,
  toTell = context.subscription.receivers,
): Outbox => {
  const filled: Record<string, OutboxEntry> = {};
  for (const receiver of context.subscription.receivers) {
    const before = outbox[receiver];
    if (before !== undefined && !toTell.includes(receiver)) {
      const { decisionId, sequence } = selection;
      // Nothing leaves for this decision, not even once more.
      filled[receiver] = { ...unasked(before), ...versionOf(selection), decisionId, sequence };
      continue;
    }
    const stands = before?.state === "accepted" || before?.requirement === requirement;
    const knows = before?.decisionId === selection.decisionId && before.state !== "withdrawn" && stands;
    filled[receiver] = knows
      ? before
      : {
          ...versionOf(selection),
          decisionId: selection.decisionId,
          sequence: selection.sequence,
          requirement,
          state: "due",
          decidedAtMs: context.nowMs,
          attempts: 0,
          nextAttemptAtMs: context.nowMs + context.gatherMs,
          ...(selection.identity === undefined ? {} : { identity: selection.identity }),
          ...(delivered === undefined ? {} : { previous: versionOf(delivered) }),
        };
  }
  return filled;
};
