import { PipelineError } from "./errors.ts";
import { withAnnouncements } from "./pipeline/announce.ts";
import { recordConfirmation } from "./pipeline/confirm/confirm.ts";
import { deliverTo } from "./pipeline/deliver/deliver.ts";
import { rearmMended } from "./pipeline/deliver/mended.ts";
import type { DeliverDeps, EvaluateDeps, PipelineDeps } from "./pipeline/deps.ts";
import { evaluatePush, evaluateRepository, evaluateSubscription } from "./pipeline/evaluate/evaluate.ts";
import { sweepDue, sweepRepositories } from "./pipeline/sweep/sweep.ts";
import type { Work } from "./ports.ts";

type DeliveryWork = Extract<Work, { kind: "deliver" }>;
/** All work but requests to receivers. */
export type EvaluationWork = Exclude<Work, DeliveryWork>;

/**
 * registry event → intake → [queue] → evaluate → [queue] → deliver → Flux Receiver; timer → sweep → the queue.
 * Each method does one piece of work; running it twice, or again after a crash at any point, is safe.
 */
export interface Pipeline {
  /** Does one message's work. Throws a PipelineError whose disposition `settle` reads. */
  run(work: Work, signal: AbortSignal): Promise<void>;
  /** Puts work that is due, but whose hint was lost, back on the queue. */
  sweepDue(): Promise<void>;
  /** Asks for a fresh look at every repository, spread over `spreadMs`. */
  sweepRepositories(spreadMs: number): Promise<void>;
}

const runEvaluation = (deps: EvaluateDeps, work: EvaluationWork, signal: AbortSignal): Promise<void> => {
  switch (work.kind) {
    case "push":
      return evaluatePush(deps, work, signal);
    case "evaluate":
      return evaluateSubscription(deps, work.subscription, signal);
    case "sweep":
      return evaluateRepository(deps, work.repository, signal);
    case "confirm":
      return recordConfirmation(deps, work);
    default: {
      const unknown: never = work;
      throw new PipelineError(`unknown work ${JSON.stringify(unknown)}`, { code: "WORK_MALFORMED" });
    }
  }
};

/** One message of the evaluating kind, where a function of its own works it off. */
export const evaluate = (deps: EvaluateDeps, work: EvaluationWork, signal: AbortSignal): Promise<void> =>
  withAnnouncements(deps, (announcing) => runEvaluation(announcing, work, signal));

/** One message of the delivering kind, where a function of its own works it off. */
export const deliver = (deps: DeliverDeps, work: DeliveryWork, signal: AbortSignal): Promise<void> =>
  withAnnouncements(deps, (announcing) =>
    work.parked === undefined
      ? deliverTo(announcing, work.receiver, signal)
      : rearmMended(announcing, work.receiver, work.parked),
  );

export const createPipeline = (deps: PipelineDeps): Pipeline => ({
  run: (work, signal) =>
    work.kind === "deliver" ? deliver(deps, work, signal) : evaluate(deps, work, signal),
  sweepDue: () => sweepDue(deps),
  sweepRepositories: (spreadMs) => sweepRepositories(deps, spreadMs),
});
