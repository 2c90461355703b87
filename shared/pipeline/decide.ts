import { createHash } from "node:crypto";
import type { Subscription } from "../ports.ts";
import type {
  DecisionOutcome,
  DecisionRecord,
  FluxSelection,
  OutboxEntry,
  SubscriptionState,
  Version,
} from "../state.ts";
import { nextCheckAtMs } from "./evidence-schedule.ts";
import type { EvidenceVerdict } from "./verdict.ts";

/** What a decision is taken under. */
export interface DecisionContext {
  readonly subscription: Subscription;
  readonly catalogVersion: string;
  readonly nowMs: number;
  /** `observe` decides and records, and fills no outbox. */
  readonly mode: "observe" | "enforce";
  readonly evidenceDeadlineMs: number;
  /** Where the work came from; part of every record's facts. */
  readonly origin: Facts;
}

type Facts = Readonly<Record<string, unknown>>;

export interface Decided {
  readonly next?: SubscriptionState;
  readonly records: readonly DecisionRecord[];
}

const hashOf = (...parts: readonly (string | number | undefined)[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);

const decisionRecord = (
  context: DecisionContext,
  version: { readonly tag?: string; readonly digest?: Version["digest"] },
  decision: {
    readonly id: string;
    readonly outcome: DecisionOutcome;
    readonly reason: string;
    readonly facts?: Facts;
  },
): DecisionRecord => ({
  kind: "decision",
  id: hashOf(decision.id, decision.outcome, decision.reason),
  decisionId: decision.id,
  atMs: context.nowMs,
  subscription: context.subscription.id,
  repository: context.subscription.repository,
  ...(version.tag === undefined ? {} : { tag: version.tag }),
  ...(version.digest === undefined ? {} : { digest: version.digest }),
  outcome: decision.outcome,
  reason: decision.reason,
  catalogVersion: context.catalogVersion,
  facts: { ...decision.facts, origin: context.origin },
});

const versionOf = ({ tag, digest }: Version): Version => (tag === undefined ? { digest } : { tag, digest });

/** A push that cannot become this subscription's selection. Recorded once per version and reason. */
export const decideIgnored = (
  context: DecisionContext,
  version: { readonly tag?: string; readonly digest?: Version["digest"] },
  reason: string,
  outcome: "ignore" | "reject" = "ignore",
  facts: Facts = {},
): Decided => {
  const id = hashOf(context.subscription.id, version.tag, version.digest, reason);
  return { records: [decisionRecord(context, version, { id, outcome, reason, facts })] };
};

/** The first look at a subscription, or at one whose manifest now selects differently: nobody is told. */
export const decideBaseline = (
  context: DecisionContext,
  state: SubscriptionState,
  version: Version | undefined,
  facts: Facts,
): Decided & { readonly next: SubscriptionState } => {
  const sequence = (state.selection?.sequence ?? 0) + 1;
  const { selection: _replaced, ...kept } = state;
  const base = { ...kept, version: state.version + 1, selectorHash: context.subscription.selectorHash };
  if (version === undefined) return { next: base, records: [] };
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
      ...supersede(context, state, selection),
      decisionRecord(context, version, { id, outcome: "ignore", reason: "baseline", facts }),
    ],
  };
};

/** A pending selection that gives way to another one gets its final record. */
const supersede = (context: DecisionContext, state: SubscriptionState, by: Version): DecisionRecord[] => {
  const old = state.selection;
  if (old?.status !== "pending") return [];
  const facts = { supersededBy: versionOf(by) };
  return [
    decisionRecord(context, old, { id: old.decisionId, outcome: "ignore", reason: "superseded", facts }),
  ];
};

/** Whether the objects's own manifest makes Flux refuse what is not signed. */
const clusterVerifies = (subscription: Subscription): boolean =>
  subscription.rules.some((rule) => rule.origin === "object");

/**
 * Older decisions that have not left: a poke makes Flux take its newest match, so where the cluster itself
 * does not verify they must not leave while that match is unverified.
 */
const withdrawDue = (
  context: DecisionContext,
  outbox: SubscriptionState["outbox"],
): { readonly outbox: SubscriptionState["outbox"]; readonly records: DecisionRecord[] } => {
  if (clusterVerifies(context.subscription)) return { outbox, records: [] };
  const records: DecisionRecord[] = [];
  const kept: Record<string, OutboxEntry> = {};
  for (const [receiver, entry] of Object.entries(outbox)) {
    if (entry.state !== "due") {
      kept[receiver] = entry;
      continue;
    }
    const { nextAttemptAtMs: _dropped, ...rest } = entry;
    kept[receiver] = { ...rest, state: "withdrawn" };
    const decision = { id: entry.decisionId, outcome: "reject", reason: "shadowed-by-unverified" } as const;
    records.push(decisionRecord(context, entry, decision));
  }
  return { outbox: kept, records };
};

const fillOutbox = (
  context: DecisionContext,
  state: SubscriptionState,
  selection: FluxSelection,
): SubscriptionState["outbox"] => {
  const outbox: Record<string, OutboxEntry> = {};
  for (const receiver of context.subscription.receivers) {
    const previous = state.delivered;
    outbox[receiver] = {
      ...versionOf(selection),
      decisionId: selection.decisionId,
      sequence: selection.sequence,
      state: "due",
      decidedAtMs: context.nowMs,
      attempts: 0,
      nextAttemptAtMs: context.nowMs,
      ...(selection.identity === undefined ? {} : { identity: selection.identity }),
      ...(previous === undefined ? {} : { previous: versionOf(previous) }),
    };
  }
  return outbox;
};

const settledSelection = (
  selection: FluxSelection,
  status: FluxSelection["status"],
  reason: string,
  checks: number,
): FluxSelection => {
  const { checkAtMs: _cleared, ...rest } = selection;
  return { ...rest, status, reason, checks };
};

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
  const reachable = context.subscription.receivers.length > 0;
  const outcome: DecisionOutcome = reachable ? "notify" : "ignore";
  const reason = !reachable ? "no-receiver" : status === "allowed" ? "unverified-allowed" : "verified";
  const settled: FluxSelection = {
    ...settledSelection(selection, status, reason, selection.checks + 1),
    ...(identity === undefined ? {} : { identity }),
  };
  const sends = reachable && context.mode === "enforce";
  const facts = {
    ...verdict.facts,
    mode: context.mode,
    previous: state.delivered && versionOf(state.delivered),
  };
  const decision = { id: selection.decisionId, outcome, reason, facts };
  return {
    next: {
      ...state,
      version: state.version + 1,
      selectorHash: context.subscription.selectorHash,
      selection: settled,
      outbox: sends ? fillOutbox(context, state, settled) : state.outbox,
    },
    records: [...before, decisionRecord(context, selection, decision)],
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
  const withdrawn = withdrawDue(context, state.outbox);
  const decision = {
    id: selection.decisionId,
    outcome: waits ? "wait" : "reject",
    reason: verdict.reason,
    facts: { ...verdict.facts, deadlineMs: selection.deadlineMs },
  } as const;
  return {
    next: {
      ...state,
      version: state.version + 1,
      selectorHash: context.subscription.selectorHash,
      selection: settled,
      outbox: withdrawn.outbox,
    },
    records: [...before, ...withdrawn.records, decisionRecord(context, selection, decision)],
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
  const isCurrent = current !== undefined && current.tag === version.tag && current.digest === version.digest;
  const sequence = (current?.sequence ?? 0) + 1;
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
