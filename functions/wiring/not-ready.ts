import { PipelineError } from "../../shared/errors.ts";

/**
 * What `cause` means for a message: a deployment that cannot start (its catalog out of reach, a rule's key missing)
 * decides nothing about its messages, so they wait, whatever the error's own disposition.
 */
export const notReady = (cause: unknown): PipelineError => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PipelineError(`not ready: ${reason}`, { code: "STATE_UNAVAILABLE", cause });
};
