import type {
  DecisionOutcome,
  DecisionRecord,
  FluxSelection,
  SubscriptionState,
  Version,
} from "../../state.ts";
import { isSameVersion, versionOf } from "../version.ts";
import {
  type DecisionContext,
  type Facts,
  hashOf,
  type NamedVersion,
  toDecisionRecord,
} from "./decision-record.ts";
import {
  fillOutbox,
  isUnreflected,
  unawareOf,
  withdrawDue,
  withdrawShadowed,
  withdrawSuperseded,
} from "./desired.ts";
import { nextCheckAtMs } from "./evidence-schedule.ts";
import type { EvidenceVerdict } from "./verdict.ts";

export interface Decided {
  readonly next?: SubscriptionState;
  readonly records: readonly DecisionRecord[];
}

/** A push that cannot become this subscription's selection. Recorded once per version and reason. */
export const decideIgnored = (
  context: DecisionContext,
  version: NamedVersion,
  reason: string,
  outcome: "ignore" | "reject" = "ignore",
  facts: Facts = {},
): Decided => {
  const id = hashOf(context.subscription.id, version.tag, version.digest, reason);
  return { records: [toDecisionRecord(context, version, { id, outcome, reason, facts })] };
};

/** The first look at a subscription, or at one whose manifest now selects differently: nobody is told. */
export const decideBaseline = (
  context: DecisionContext,
  state: SubscriptionState,
  version: Version | undefined,
  facts: Facts,
): Decided & { readonly next: SubscriptionState } => {
  const { selectorHash } = context.subscription;
  // The manifest selects differently, and still the same: what was decided stands, what is under way goes on.
  if (version !== undefined && isSameVersion(state.selection, version))
    return { next: { ...state, version: state.version + 1, selectorHash }, records: [] };
  const sequence = state.version + 1;
  const { selection: _replaced, approved: _other, ...kept } = state;
  // What was decided for the old manifest says nothing about the new one.
  const due = withdrawDue(context, state.outbox, { outcome: "ignore", reason: "catalog-changed" });
  const base = {
    ...kept,
    version: state.version + 1,
    selectorHash,
    outbox: due.outbox,
  };
  if (version === undefined) {
    return { next: base, records: [...due.records, ...concludePending(context, state, "catalog-changed")] };
  }
  const id = hashOf(context.subscription.id, version.tag, version.digest, sequence);
  const selection: FluxSelection = {
    ...versionOf(version),
    sequence,
    status: "baseline",
    reason: "baseline",
    decisionId: id,
    sinceMs: context.nowMs,
    deadlineMs: context.nowMs,
    checks: 0,
  };
  return {
    next: { ...base, selection },
    records: [
      ...due.records,
      ...supersede(context, state, selection),
      toDecisionRecord(context, version, { id, outcome: "ignore", reason: "baseline", facts }),
    ],
  };
};

/** A pending selection that nobody waits for any more gets its final record. */
const concludePending = (
  context: DecisionContext,
  { selection }: SubscriptionState,
  reason: string,
  facts: Facts = {},
): DecisionRecord[] =>
  selection?.status === "pending"
    ? [toDecisionRecord(context, selection, { id: selection.decisionId, outcome: "ignore", reason, facts })]
    : [];

const supersede = (context: DecisionContext, state: SubscriptionState, by: Version): DecisionRecord[] =>
  concludePending(context, state, "superseded", { supersededBy: versionOf(by) });

const settledSelection = (
  selection: FluxSelection,
  status: FluxSelection["status"],
  reason: string,
  checks: number,
): FluxSelection => {
  const { checkAtMs: _cleared, ...rest } = selection;
  return { ...rest, status, reason, checks };
};

const toNext = (
  { subscription: { selectorHash } }: DecisionContext,
  state: SubscriptionState,
  selection: FluxSelection,
  outbox: SubscriptionState["outbox"],
): SubscriptionState => ({ ...state, version: state.version + 1, selectorHash, selection, outbox });

const withApproved = (
  state: SubscriptionState,
  { decisionId, identity, ...selection }: FluxSelection,
  requirement: string,
): SubscriptionState => ({
  ...state,
  approved: {
    ...versionOf(selection),
    decisionId,
    requirement,
    ...(identity === undefined ? {} : { identity }),
  },
});

/** Verified (or allowed unverified): tell the receivers, or say why nobody can be told. */
const accept = (
  context: DecisionContext,
  state: SubscriptionState,
  selection: FluxSelection,
  verdict: Extract<EvidenceVerdict, { kind: "verified" | "allowed" }>,
  before: readonly DecisionRecord[],
): Decided => {
  const status = verdict.kind;
  const identity = verdict.kind === "verified" ? verdict.identity : undefined;
  const { subscription, mode } = context;
  const moved = isUnreflected(subscription, state, selection);
  const toTell = moved ? unawareOf(subscription, state) : subscription.receivers;
  const tells = toTell.length > 0 || context.served;
  const outcome: DecisionOutcome = tells ? "notify" : "ignore";
  const untoldReason = moved ? "digest-not-reflected" : "no-receiver";
  const toldReason = status === "allowed" ? "unverified-allowed" : "verified";
  const reason = tells ? toldReason : untoldReason;
  const stays = moved && state.selection?.status === "baseline";
  // Only what enforcing decided has entries: looked at again while observing, it is still to be told.
  const wasToBeTold = Object.values(state.outbox).some((entry) => entry.decisionId === selection.decisionId);
  const settled: FluxSelection = {
    ...settledSelection(selection, stays ? "baseline" : status, reason, selection.checks + 1),
    ...(identity === undefined ? {} : { identity }),
    ...(mode === "observe" && !wasToBeTold ? { observed: true } : {}),
  };
  const { outbox, records } =
    mode === "enforce" && !stays && subscription.receivers.length > 0
      ? { outbox: fillOutbox(context, state, settled, verdict.requirement, toTell), records: [] }
      : withdrawSuperseded(context, state.outbox, settled);
  const facts = {
    ...verdict.facts,
    mode,
    previous: state.delivered && versionOf(state.delivered),
  };
  const decision = { id: selection.decisionId, outcome, reason, facts };
  const next = toNext(context, state, settled, outbox);
  return {
    next: verdict.kind === "verified" ? withApproved(next, settled, verdict.requirement) : next,
    records: [...before, ...records, toDecisionRecord(context, selection, decision)],
  };
};

/** No evidence satisfies the rules: wait while it may still arrive, else reject. */
const holdBack = (
  context: DecisionContext,
  state: SubscriptionState,
  selection: FluxSelection,
  verdict: Extract<EvidenceVerdict, { kind: "unverified" }>,
  before: readonly DecisionRecord[],
): Decided => {
  const checks = selection.checks + 1;
  // A rejection that new evidence reopened, without success, stays one: its deadline has passed.
  const waits =
    verdict.mayStillArrive && selection.status !== "rejected" && context.nowMs < selection.deadlineMs;
  const settled: FluxSelection = waits
    ? {
        ...selection,
        status: "pending",
        reason: verdict.reason,
        checks,
        checkAtMs: nextCheckAtMs(selection.sinceMs, selection.deadlineMs, context.nowMs),
      }
    : settledSelection(selection, "rejected", verdict.reason, checks);
  const shadowed = withdrawShadowed(context, state.outbox);
  const decision = {
    id: selection.decisionId,
    outcome: waits ? "wait" : "reject",
    reason: verdict.reason,
    facts: { ...verdict.facts, deadlineMs: selection.deadlineMs },
  } as const;
  // Looked at again with the same outcome: it was said once, to the log and to the bus as well.
  const isSaid = selection.status === settled.status && selection.reason === settled.reason;
  const said = isSaid ? [] : [toDecisionRecord(context, selection, decision)];
  return {
    next: toNext(context, state, settled, shadowed.outbox),
    records: [...before, ...shadowed.records, ...said],
  };
};

/** `version` is what Flux would pick now; `verdict` is what its evidence says. */
export const decideSelection = (
  context: DecisionContext,
  state: SubscriptionState,
  version: Version,
  verdict: EvidenceVerdict,
): Decided => {
  const current = state.selection;
  // The row's own count: it goes on where a selection went away in between.
  const sequence = state.version + 1;
  // A baseline was never decided: what turns out to be news gets a decision of its own, and time for its evidence.
  const isCurrent = current !== undefined && current.status !== "baseline" && isSameVersion(current, version);
  const selection: FluxSelection = isCurrent
    ? current
    : {
        ...versionOf(version),
        sequence,
        status: "pending",
        reason: "new",
        decisionId: hashOf(context.subscription.id, version.tag, version.digest, sequence),
        sinceMs: context.nowMs,
        deadlineMs: context.nowMs + context.evidenceDeadlineMs,
        checks: 0,
      };
  const before = isCurrent ? [] : supersede(context, state, version);
  return verdict.kind === "unverified"
    ? holdBack(context, state, selection, verdict, before)
    : accept(context, state, selection, verdict, before);
};
