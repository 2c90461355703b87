import type { Digest } from "../artifact/digest.ts";
import { PipelineError } from "../errors.ts";
import type { Subscription } from "../ports.ts";
import type { DecisionRecord, SubscriptionState, Version } from "../state.ts";
import { ensureBaseline } from "./baseline.ts";
import { type Decided, decideIgnored, decideSelection } from "./decide.ts";
import { hintDeliveries, hintNextCheck } from "./hints.ts";
import { relate } from "./relate.ts";
import { type Scope, toDecisionContext } from "./scope.ts";
import { type EvidenceVerdict, judge } from "./verdict.ts";

/** Racing writers of one row: each loses at most once per winner, so a handful is plenty. */
const MAX_CONFLICTS = 8;

/** How a version came up; only what a registry announced gets a record when nothing follows from it. */
export type Occasion = "push" | "sweep" | "check";

const judgeFor = (scope: Scope, subscription: Subscription, digest: Digest): Promise<EvidenceVerdict> => {
  const { verifier, requirementOf } = scope.deps;
  return judge(verifier, requirementOf(subscription), { ...subscription.repository, digest }, scope.signal);
};

/** Not what Flux would pick. A signed version under an unverified one is said loudly: somebody waits for it. */
const decideOlder = async (
  scope: Scope,
  subscription: Subscription,
  state: SubscriptionState,
  version: Version,
  held: boolean,
): Promise<Decided> => {
  const shadowed = held && (await judgeFor(scope, subscription, version.digest)).kind !== "unverified";
  const context = toDecisionContext(scope, subscription);
  if (!shadowed) return decideIgnored(context, version, "not-newer");
  const facts = { shadowedBy: state.selection?.tag ?? state.selection?.digest };
  return decideIgnored(context, version, "shadowed-by-unverified", "reject", facts);
};

/** What `version` means for a subscription in `state`; undefined when nothing follows from it. Writes nothing. */
export const decideVersion = async (
  scope: Scope,
  subscription: Subscription,
  state: SubscriptionState,
  version: Version,
  occasion: Occasion,
): Promise<Decided | undefined> => {
  const held = state.selection?.status === "pending" || state.selection?.status === "rejected";
  const relation = relate(scope.deps.selectorOf(subscription.selector), state.selection, version);
  if (relation === "newer" || (relation === "same" && held)) {
    const verdict = await judgeFor(scope, subscription, version.digest);
    return decideSelection(toDecisionContext(scope, subscription), state, version, verdict);
  }
  if (relation === "same" || occasion !== "push") return undefined;
  if (relation === "tie") return decideIgnored(toDecisionContext(scope, subscription), version, "tie");
  return decideOlder(scope, subscription, state, version, held);
};

const logDecisions = (scope: Scope, records: readonly DecisionRecord[]): void => {
  for (const { kind: _kind, facts: _facts, ...record } of records) scope.deps.log("decision", record);
};

/** Decides what `version` means for one subscription, makes that durable, then hints whoever works on. */
export const considerVersion = async (
  scope: Scope,
  subscription: Subscription,
  version: Version,
  occasion: Occasion,
): Promise<void> => {
  const { deps } = scope;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await ensureBaseline(scope, subscription, occasion === "push" ? version : undefined);
    const decided = await decideVersion(scope, subscription, state, version, occasion);
    // Nothing new; but an earlier run may have been cut off between its commit and its hint.
    if (decided === undefined) return hintDeliveries(deps, state);
    if ((await deps.state.commit(subscription.id, state.version, decided)) === "conflict") continue;
    logDecisions(scope, decided.records);
    if (decided.next === undefined) return;
    if (occasion === "sweep") deps.log("sweep-recovered", { subscription: subscription.id, ...version });
    await hintDeliveries(deps, decided.next);
    return hintNextCheck(deps, decided.next);
  }
  throw new PipelineError(`${subscription.id}: too many writers at once`, { code: "STATE_CONFLICT" });
};

/** Records that a push cannot become this subscription's selection. */
export const recordIgnored = async (
  scope: Scope,
  subscription: Subscription,
  version: { readonly tag?: string; readonly digest?: Digest },
  reason: string,
): Promise<void> => {
  const { records } = decideIgnored(toDecisionContext(scope, subscription), version, reason);
  await scope.deps.state.commit(subscription.id, 0, { records });
  logDecisions(scope, records);
};
