import type { Subscription } from "../ports.ts";
import type { DecisionRecord, FluxSelection, OutboxEntry, SubscriptionState } from "../state.ts";
import { type DecisionContext, toDecisionRecord } from "./decision-record.ts";
import { versionOf } from "./version.ts";

type Outbox = SubscriptionState["outbox"];

/** Whether the object's own manifest makes Flux refuse what is not signed. */
const clusterVerifies = (subscription: Subscription): boolean =>
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

/** Decisions that have not left, and must not any more. */
export const withdrawDue = (
  context: DecisionContext,
  outbox: Outbox,
  { outcome, reason }: Pick<DecisionRecord, "outcome" | "reason">,
): { readonly outbox: Outbox; readonly records: readonly DecisionRecord[] } => {
  const records: DecisionRecord[] = [];
  const kept: Record<string, OutboxEntry> = {};
  for (const [receiver, entry] of Object.entries(outbox)) {
    kept[receiver] = entry.state === "due" ? withdrawn(entry) : entry;
    if (entry.state === "due")
      records.push(toDecisionRecord(context, entry, { id: entry.decisionId, outcome, reason }));
  }
  return { outbox: kept, records };
};

/**
 * Older decisions under something unverified: a poke makes Flux take its newest match, so where the cluster itself
 * does not verify they must not leave while that match is unverified.
 */
export const withdrawShadowed = (context: DecisionContext, outbox: Outbox): ReturnType<typeof withdrawDue> =>
  clusterVerifies(context.subscription)
    ? { outbox, records: [] }
    : withdrawDue(context, outbox, { outcome: "reject", reason: "shadowed-by-unverified" });

/** One row for each receiver of the subscription, due now; what was accepted of this very decision stays. */
export const fillOutbox = (
  context: DecisionContext,
  { outbox, delivered }: SubscriptionState,
  selection: FluxSelection,
  requirement: string,
): Outbox => {
  const filled: Record<string, OutboxEntry> = {};
  for (const receiver of context.subscription.receivers) {
    const before = outbox[receiver];
    const knows = before?.state === "accepted" && before.decisionId === selection.decisionId;
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
