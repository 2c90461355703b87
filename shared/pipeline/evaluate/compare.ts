import type { ConfirmationRecord, DecisionRecord, StateRecord } from "../../state.ts";
import { toUndecidedId } from "./decision-record.ts";

/**
 * `same`: Sluice told it, or would have, and Flux has it. `flux-only`: Flux has what Sluice would not have told.
 * `refused`: neither has it. `sluice-only`: Flux has not reported it. `unseen`: Flux has it, Sluice never decided on it.
 */
export type Comparison = "same" | "flux-only" | "refused" | "sluice-only" | "unseen";

/** One version of one object: what Sluice decided beside what Flux did. */
export interface ComparedVersion {
  readonly subscription: string;
  readonly tag?: string;
  readonly digest: string;
  readonly comparison: Comparison;
  readonly decision?: Pick<DecisionRecord, "outcome" | "reason" | "decisionId" | "atMs">;
  readonly flux?: Pick<ConfirmationRecord, "outcome" | "reason" | "object" | "atMs">;
  /** How much later Flux had it than Sluice decided; negative: Flux was first. */
  readonly laterMs?: number;
}

/** Verified, and ignored only because nobody can be told or was to be. */
const WOULD_TELL: ReadonlySet<string> = new Set(["no-receiver", "baseline", "served", "observing"]);

const wouldTell = ({ outcome, reason }: DecisionRecord): boolean =>
  outcome === "notify" || (outcome === "ignore" && WOULD_TELL.has(reason));

interface Version {
  readonly subscription: string;
  readonly digest: string;
  readonly tag?: string;
  readonly decisions: readonly DecisionRecord[];
  readonly confirmations: readonly ConfirmationRecord[];
}

const NONE: Pick<Version, "decisions" | "confirmations"> = { decisions: [], confirmations: [] };

const group = (records: Iterable<StateRecord>): readonly Version[] => {
  const versions = new Map<string, Version>();
  for (const record of records) {
    if (record.kind === "attempt" || record.digest === undefined) continue;
    const { subscription, digest, tag } = record;
    const key = `${subscription} ${digest}`;
    const before = versions.get(key) ?? { subscription, digest, ...NONE };
    const named = before.tag === undefined && tag !== undefined ? { tag } : {};
    versions.set(key, {
      ...before,
      ...named,
      ...(record.kind === "decision"
        ? { decisions: [...before.decisions, record] }
        : { confirmations: [...before.confirmations, record] }),
    });
  }
  return [...versions.values()];
};

const earliest = <T extends { readonly atMs: number }>(list: readonly T[]): T | undefined =>
  list.reduce<T | undefined>(
    (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
    undefined,
  );

const compareOne = ({ decisions, confirmations, ...version }: Version): ComparedVersion | undefined => {
  const has = earliest(confirmations.filter(({ outcome }) => outcome !== "failed"));
  const failed = earliest(confirmations.filter(({ outcome }) => outcome === "failed"));
  const told = earliest(decisions.filter(wouldTell));
  const last = decisions.at(-1);
  const decision = told ?? last;
  const flux = has ?? failed;
  const row = {
    ...version,
    ...(decision === undefined
      ? {}
      : {
          decision: {
            outcome: decision.outcome,
            reason: decision.reason,
            decisionId: decision.decisionId,
            atMs: decision.atMs,
          },
        }),
    ...(flux === undefined
      ? {}
      : { flux: { outcome: flux.outcome, reason: flux.reason, object: flux.object, atMs: flux.atMs } }),
  };
  if (has !== undefined) {
    if (decision === undefined) {
      // One with a decision, whose record is older than what is compared, was seen.
      const isUnseen = has.decisionId === toUndecidedId(version.subscription, version.digest);
      return isUnseen ? { ...row, comparison: "unseen" } : undefined;
    }
    if (told === undefined) return { ...row, comparison: "flux-only" };
    // What was there before Sluice looked says nothing about who is quicker.
    const isNews = told.reason !== "baseline" && told.reason !== "served";
    return { ...row, comparison: "same", ...(isNews ? { laterMs: has.atMs - told.atMs } : {}) };
  }
  if (told !== undefined && told.outcome === "notify") return { ...row, comparison: "sluice-only" };
  return last?.outcome === "reject" || failed !== undefined ? { ...row, comparison: "refused" } : undefined;
};

/** Compares, version by version, oldest first. What neither decided nor did anything with is left out. */
export const compareDecisions = (records: Iterable<StateRecord>): readonly ComparedVersion[] =>
  group(records)
    .map(compareOne)
    .filter((row) => row !== undefined);
