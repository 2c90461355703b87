import { PipelineError } from "../../errors.ts";
import type { DecisionRecord, Version } from "../../state.ts";
import type { EvaluateDeps } from "../deps.ts";
import { hintDeliveries, hintNextCheck } from "../hints.ts";
import { pickNow } from "./baseline.ts";
import { decideSelection } from "./decide.ts";
import { relate } from "./relate.ts";
import { createScope, toDecisionContext } from "./scope.ts";
import { judge } from "./verdict.ts";

/** Who let a selection go backwards, and why: part of the decision's facts. */
export interface RollbackAudit {
  readonly by: string;
  readonly why: string;
}

export interface RolledBack {
  readonly from: Version | undefined;
  readonly to: Version;
  readonly decision: DecisionRecord;
}

const refuse = (message: string): PipelineError => new PipelineError(message, { code: "ROLLBACK_REFUSED" });

/**
 * Lets one selection follow Flux backwards. A poke makes Flux take its newest match, so what to roll back to is
 * not free: it is what Flux picks from the tags that are there now. Verified like any other version.
 */
export const rollBack = async (
  deps: EvaluateDeps,
  id: string,
  expectedTag: string | undefined,
  audit: RollbackAudit,
  signal: AbortSignal,
): Promise<RolledBack> => {
  const scope = createScope(deps, signal, { source: "rollback", ...audit });
  const subscription = scope.catalog.subscription(id);
  if (subscription === undefined) throw refuse(`${id}: no such object in the catalog; see \`sluice plan\``);
  const state = await deps.state.load(id);
  const to = await pickNow(scope, subscription, undefined);
  if (to === undefined) throw refuse(`${id}: Flux would pick nothing from the tags that are there now`);
  if (expectedTag !== undefined && to.tag !== expectedTag) {
    throw refuse(
      `${id}: Flux would pick ${to.tag ?? to.digest}; delete what is newer, or change the object's range`,
    );
  }
  const relation = relate(deps.selectorOf(subscription.selector), state.selection, to);
  if (relation !== "older") {
    throw refuse(`${id}: ${to.tag ?? to.digest} is no step back; the sweep takes it by itself`);
  }
  const artifact = { ...subscription.repository, digest: to.digest };
  const verdict = await judge(deps.verifier, deps.requirementOf(subscription), artifact, signal);
  const { next, records } = decideSelection(toDecisionContext(scope, subscription), state, to, verdict);
  const decision = records.at(-1);
  if (next === undefined || decision === undefined) throw refuse(`${id}: nothing would change`);
  if ((await deps.state.commit(id, state.version, { next, records })) === "conflict") {
    throw new PipelineError(`${id}: changed meanwhile; try again`, { code: "STATE_CONFLICT" });
  }
  await hintDeliveries(deps, next, state);
  await hintNextCheck(deps, next);
  return { from: state.selection, to, decision };
};
