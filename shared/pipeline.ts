import { PipelineError } from "./errors.ts";
import { withAnnouncements } from "./pipeline/announce.ts";
import { deliverTo } from "./pipeline/deliver.ts";
import type { PipelineDeps } from "./pipeline/deps.ts";
import { evaluatePush, evaluateRepository, evaluateSubscription } from "./pipeline/evaluate.ts";
import { sweepDue, sweepRepositories } from "./pipeline/sweep.ts";
import type { Work } from "./ports.ts";

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

const runWork = (deps: PipelineDeps, work: Work, signal: AbortSignal): Promise<void> => {
  switch (work.kind) {
    case "push":
      return evaluatePush(deps, work, signal);
    case "evaluate":
      return evaluateSubscription(deps, work.subscription, signal);
    case "sweep":
      return evaluateRepository(deps, work.repository, signal);
    case "deliver":
      return deliverTo(deps, work.receiver, signal);
    default: {
      const unknown: never = work;
      throw new PipelineError(`unknown work ${JSON.stringify(unknown)}`, { code: "WORK_MALFORMED" });
    }
  }
};

export const createPipeline = (deps: PipelineDeps): Pipeline => ({
  run: (work, signal) => withAnnouncements(deps, (announcing) => runWork(announcing, work, signal)),
  sweepDue: () => sweepDue(deps),
  sweepRepositories: (spreadMs) => sweepRepositories(deps, spreadMs),
});
