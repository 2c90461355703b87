import { createHash } from "node:crypto";
import type { Subscription } from "../../ports.ts";
import type { DecisionOutcome, DecisionRecord, Version } from "../../state.ts";

/** What a decision is taken under. */
export interface DecisionContext {
  readonly subscription: Subscription;
  readonly catalogVersion: string;
  readonly nowMs: number;
  /** `observe` decides and records, and fills no outbox. */
  readonly mode: "observe" | "enforce";
  readonly evidenceDeadlineMs: number;
  /** Whether the cluster takes its versions from us: then a decision is heard even where no Receiver is. */
  readonly served: boolean;
  /** Until a decision leaves, so that others for the same receiver can come along. */
  readonly gatherMs: number;
  /** Where the work came from; part of every record's facts. */
  readonly origin: Facts;
}

export type Facts = Readonly<Record<string, unknown>>;

/** What a push names: it may say only one of the two. */
export interface NamedVersion {
  readonly tag?: string;
  readonly digest?: Version["digest"];
}

export const hashOf = (...parts: readonly (string | number | undefined)[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);

/** One record for each outcome and reason of a decision: writing it again leaves one. */
export const recordId = (decisionId: string, outcome: DecisionOutcome, reason: string): string =>
  hashOf(decisionId, outcome, reason);

export const toDecisionRecord = (
  context: DecisionContext,
  version: NamedVersion,
  decision: {
    readonly id: string;
    readonly outcome: DecisionOutcome;
    readonly reason: string;
    readonly facts?: Facts;
  },
): DecisionRecord => ({
  kind: "decision",
  id: recordId(decision.id, decision.outcome, decision.reason),
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

/** In place of a decision's id where Flux has a version that Sluice took none on. */
export const toUndecidedId = (subscription: string, digest: string): string =>
  hashOf("never-seen", subscription, digest);
