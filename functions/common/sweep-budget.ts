import { parseRetryAfter } from "../../shared/delivery/schedule.ts";
import { PipelineError } from "../../shared/errors.ts";
import { type Allowance, createAllowance, type Documents } from "../../shared/pipeline/allowance.ts";
import type { Clock, Random } from "../../shared/ports.ts";

/** What waited for the same moment comes back spread over this part of the wait. */
const JITTER = 0.1;

/** So many requests to one host between two sweeps, by all instances together. */
export const createSweepBudget = (
  sweep: { readonly requestBudget: number; readonly intervalMs: number },
  documents: Documents,
  clock: Clock,
): Allowance =>
  createAllowance(
    { name: "sweep-budget", perWindow: sweep.requestBudget, windowMs: sweep.intervalMs },
    documents,
    clock,
  );

/**
 * Takes each request from its host's budget, and leaves a host alone that asked for it (`Retry-After`). A host without
 * budget ends in `REGISTRY_BUDGET_SPENT`, which says when to come back.
 */
export const createBudgetedFetch = (
  fetch: typeof globalThis.fetch,
  budget: Allowance,
  clock: Clock,
  random: Random,
): typeof globalThis.fetch => {
  const spend = async (host: string): Promise<void> => {
    const waitMs = await budget.take(host, 1);
    if (waitMs === undefined) return;
    throw new PipelineError(`${host}: the sweep may not ask it now (sweep.requestBudget, or it said so)`, {
      code: "REGISTRY_BUDGET_SPENT",
      retryAfterMs: Math.ceil(waitMs * (1 + JITTER * random.fraction())),
    });
  };
  return async (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : input);
    await spend(host);
    const response = await fetch(input, init);
    if (response.status === 429 || response.status === 503) {
      const askedMs = parseRetryAfter(response.headers.get("retry-after") ?? undefined, clock.nowMs());
      if (askedMs !== undefined && askedMs > 0) await budget.pause(host, askedMs);
    }
    return response;
  };
};
