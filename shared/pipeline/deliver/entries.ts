import type { Clock } from "../../ports.ts";
import type { OutboxEntry, StateRecord, StateStore, SubscriptionState } from "../../state.ts";
import { unasked } from "../confirm/confirmable.ts";
import type { Log } from "../deps.ts";

const MAX_CONFLICTS = 8;

/** One subscription's entry for the receiver at hand, as it was when loaded. */
export interface DueEntry {
  readonly state: SubscriptionState;
  readonly entry: OutboxEntry;
}

/** Commits a change of one entry, unless a newer decision took its place meanwhile; answers the new row. */
export const updateEntry = async (
  deps: { readonly state: StateStore; readonly log: Log },
  receiver: string,
  { state: loaded, entry: { decisionId } }: DueEntry,
  change: (state: SubscriptionState, entry: OutboxEntry) => SubscriptionState,
  records: readonly StateRecord[],
): Promise<SubscriptionState | undefined> => {
  const { subscription } = loaded;
  // Mostly the row is as it was loaded; where it is not, the commit says so.
  let state = loaded;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    if (conflicts > 0) state = await deps.state.load(subscription);
    const entry = state.outbox[receiver];
    if (entry?.decisionId !== decisionId) {
      await deps.state.commit(subscription, state.version, { records });
      return undefined;
    }
    const next = { ...change(state, entry), version: state.version + 1 };
    if ((await deps.state.commit(subscription, state.version, { next, records })) === "committed")
      return next;
  }
  deps.log("state-contended", { subscription, receiver });
  return undefined;
};

export const withEntry = (
  state: SubscriptionState,
  receiver: string,
  entry: OutboxEntry,
): SubscriptionState => ({
  ...state,
  outbox: { ...state.outbox, [receiver]: entry },
});

/** What is due for a receiver that wants no more: kept, for the day a person enables it. */
export const disableEntry = async (
  deps: { readonly state: StateStore; readonly log: Log; readonly clock: Clock },
  receiver: string,
  configuration: string,
  due: DueEntry,
): Promise<void> => {
  const parked = { atMs: deps.clock.nowMs(), configuration };
  const change = (now: SubscriptionState, current: OutboxEntry): SubscriptionState => {
    const { nextAttemptAtMs: _next, ...rest } = unasked(current);
    const kept =
      rest.state === "due" ? ({ ...rest, state: "disabled", reason: "gone", parked } as const) : rest;
    return withEntry(now, receiver, kept);
  };
  await updateEntry(deps, receiver, due, change, []);
};
