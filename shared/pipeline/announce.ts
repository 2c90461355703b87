import { formatRepository } from "../artifact/repository.ts";
import { PipelineError } from "../errors.ts";
import type { DecisionEvent, StateRecord, StateStore } from "../state.ts";
import type { SharedDeps } from "./deps.ts";

/** A record as other systems hear of it: the repository as one text, everything else as it is kept. */
export const toDecisionEvent = (record: StateRecord): DecisionEvent => ({
  id: record.id,
  type: record.kind === "attempt" ? "delivery" : record.kind,
  atMs: record.atMs,
  detail:
    record.kind === "decision"
      ? { ...record, repository: formatRepository(record.repository) }
      : { ...record },
});

const listen = (state: StateStore, hear: (records: readonly StateRecord[]) => void): StateStore => ({
  ...state,
  async commit(subscription, expectedVersion, change) {
    const outcome = await state.commit(subscription, expectedVersion, change);
    if (outcome === "committed") hear(change.records);
    return outcome;
  },
});

/**
 * Runs one piece of work and then tells the bus what it committed, even where it failed half way. A bus that is out
 * of reach costs the events, never the work: the records are kept.
 */
export const withAnnouncements = async <D extends SharedDeps>(
  deps: D,
  work: (deps: D) => Promise<void>,
): Promise<void> => {
  const { bus } = deps;
  if (bus === undefined) return work(deps);
  const heard: StateRecord[] = [];
  try {
    await work({ ...deps, state: listen(deps.state, (records) => heard.push(...records)) });
  } finally {
    if (heard.length > 0) {
      await bus.publish(heard.map(toDecisionEvent)).catch((error: unknown) => {
        const reason = error instanceof PipelineError ? error.code : "BUS_UNAVAILABLE";
        const message = error instanceof PipelineError ? error.message : "unknown error";
        deps.log("bus-failed", { events: heard.length, reason, message });
      });
    }
  }
};
