import type { DecisionRecord } from "../../state.ts";
import type { SharedDeps } from "../deps.ts";
import { recordId } from "./decision-record.ts";

/** What follows from the catalog, the rules or the mode rather than from a version. */
export interface Withdrawal {
  readonly reason: "catalog-changed" | "rules-changed" | "observing" | "suspended";
}

/**
 * The final record of a decision that came to nothing, made from its earlier one: its subscription may have left the
 * catalog. None where that record was pruned.
 */
export const concludeDecision = async (
  deps: SharedDeps,
  earlier: { readonly decisionId: string; readonly outcome: "wait" | "notify" },
  { reason }: Withdrawal,
): Promise<readonly DecisionRecord[]> => {
  const query = { ...earlier, newestFirst: true, limit: 1 } as const;
  const [last] = await deps.state.records(query);
  if (last?.kind !== "decision") return [];
  const { sequence: _own, ...record } = last;
  return [
    {
      ...record,
      id: recordId(earlier.decisionId, "ignore", reason),
      atMs: deps.clock.nowMs(),
      outcome: "ignore",
      reason,
      catalogVersion: deps.catalog().version,
      facts: {},
    },
  ];
};
