import type { RepositoryName } from "../../../shared/artifact/repository.ts";
import { parseRetryAfter } from "../../../shared/delivery/schedule.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { Documents } from "../../../shared/pipeline/documents.ts";
import { createAllowance } from "../../../shared/pipeline/sweep/allowance.ts";
import type { Clock, Random, RegistryReader } from "../../../shared/ports.ts";

/** What waited for the same moment comes back spread over this part of the wait. */
const JITTER = 0.1;

/** Counts the requests that sweeps of one registry make, wherever its redirects lead. */
export interface RequestCount {
  /** Before each request. Throws `REGISTRY_BUDGET_SPENT` while the registry wants to be left alone. */
  charge(): Promise<void>;
  /** It asked to be left alone for that long. */
  pause(forMs: number): Promise<void>;
}

export interface SweepBudget {
  /** Throws `REGISTRY_BUDGET_SPENT`, which says when to come back, where no sweep may begin now. */
  begin(registry: string): Promise<void>;
  requestsTo(registry: string): RequestCount;
}

export interface SweepBudgetPorts {
  readonly documents: Documents;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * So many requests of one registry between two sweeps, by all instances together. The sweep of a repository that was
 * begun may end, and what it takes too many is taken from the next ones: broken off, a repository that needs more
 * than there is would begin anew each time and never be looked at.
 */
export const createSweepBudget = (
  sweep: { readonly requestBudget: number; readonly intervalMs: number },
  { documents, clock, random }: SweepBudgetPorts,
): SweepBudget => {
  const settings = { name: "sweep-budget", perWindow: sweep.requestBudget, windowMs: sweep.intervalMs };
  const budget = createAllowance(settings, documents, clock);
  const refuse = (registry: string, waitMs: number | undefined): void => {
    if (waitMs === undefined) return;
    throw new PipelineError(
      `${registry}: the sweep may not ask it now (sweep.requestBudget, or it said so)`,
      {
        code: "REGISTRY_BUDGET_SPENT",
        retryAfterMs: Math.ceil(waitMs * (1 + JITTER * random.fraction())),
      },
    );
  };
  return {
    begin: async (registry) => refuse(registry, await budget.begin(registry)),
    requestsTo: (registry) => ({
      charge: async () => refuse(registry, await budget.charge(registry)),
      pause: (forMs) => budget.pause(registry, forMs),
    }),
  };
};

/** Counts each request, and leaves a registry alone that asked for it (`Retry-After`). */
export const createCountedFetch =
  (fetch: typeof globalThis.fetch, requests: RequestCount, clock: Clock): typeof globalThis.fetch =>
  async (input, init) => {
    await requests.charge();
    const response = await fetch(input, init);
    if (response.status === 429 || response.status === 503) {
      const askedMs = parseRetryAfter(response.headers.get("retry-after") ?? undefined, clock.nowMs());
      if (askedMs !== undefined && askedMs > 0) await requests.pause(askedMs);
    }
    return response;
  };

/** A reader for each registry of the catalog: what it remembers, such as tokens, outlasts one repository's sweep. */
export const createSweepRegistry = (
  budget: SweepBudget,
  open: (requests: RequestCount) => RegistryReader,
): ((name: RepositoryName) => Promise<RegistryReader>) => {
  const readers = new Map<string, RegistryReader>();
  return async ({ registry }) => {
    await budget.begin(registry);
    const reader = readers.get(registry) ?? open(budget.requestsTo(registry));
    readers.set(registry, reader);
    return reader;
  };
};
