import { PipelineError } from "../../errors.ts";
import type { Subscription } from "../../ports.ts";
import type { SubscriptionState, Version } from "../../state.ts";
import { isSameVersion, versionOf } from "../version.ts";
import { toDecisionRecord } from "./decision-record.ts";
import { type Scope, toDecisionContext } from "./scope.ts";
import { judge, toRequirementId } from "./verdict.ts";

const MAX_CONFLICTS = 8;

/** What is to be served: the selection, baseline or not; while that is held back, what was verified before it. */
const wantedOf = ({
  selection,
  approved,
}: SubscriptionState): (Version & { decisionId: string }) | undefined =>
  selection?.status === "baseline" || selection?.status === "verified" ? selection : approved;

/**
 * Verifies what is served to who asks for a cluster's inputs and was never verified, or was under other rules. Nobody
 * is told of it: that is what a baseline means.
 */
export const approveServed = async (scope: Scope, subscription: Subscription): Promise<void> => {
  const { deps, signal } = scope;
  const requirement = deps.requirementOf(subscription);
  const asked = toRequirementId(requirement);
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await deps.state.load(subscription.id);
    const wanted = wantedOf(state);
    if (wanted === undefined) return;
    const { approved, ...rest } = state;
    const isApproved = approved !== undefined && isSameVersion(approved, wanted);
    if (isApproved && approved.requirement === asked) return;
    const artifact = { ...subscription.repository, digest: wanted.digest };
    const verdict = await judge(deps.verifier, requirement, artifact, signal);
    const { decisionId } = wanted;
    const version = versionOf(wanted);
    if (verdict.kind !== "verified" && (approved === undefined || approved.requirement === asked)) return;
    const identity =
      verdict.kind === "verified" && verdict.identity !== undefined ? { identity: verdict.identity } : {};
    const next: SubscriptionState =
      verdict.kind === "verified"
        ? {
            ...state,
            version: state.version + 1,
            approved: { ...version, decisionId, requirement: asked, ...identity },
          }
        : { ...rest, version: state.version + 1 };
    const decision = { id: decisionId, outcome: "ignore", reason: "served", facts: verdict.facts } as const;
    const records =
      verdict.kind === "verified"
        ? [toDecisionRecord(toDecisionContext(scope, subscription), version, decision)]
        : [];
    if ((await deps.state.commit(subscription.id, state.version, { next, records })) === "committed") return;
  }
  throw new PipelineError(`${subscription.id}: too many writers at once`, { code: "STATE_CONFLICT" });
};
