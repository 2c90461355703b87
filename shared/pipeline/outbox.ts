import type { Change } from "../delivery/change.ts";
import type { Outcome, OutcomeCode } from "../delivery/outcomes.ts";
import { type NextAttempt, nextAttempt } from "../delivery/schedule.ts";
import type { AttemptRecord, OutboxEntry, SubscriptionState, Version } from "../state.ts";
import type { CatalogView, PipelineDeps } from "./deps.ts";

const MAX_CONFLICTS = 8;

/** One subscription's entry for the receiver at hand, as it was when loaded. */
export interface DueEntry {
  readonly state: SubscriptionState;
  readonly entry: OutboxEntry;
}

const versionOf = ({ tag, digest }: Version): Version => (tag === undefined ? { digest } : { tag, digest });

/** Commits a change of one entry, unless a newer decision took its place meanwhile. */
const updateEntry = async (
  deps: PipelineDeps,
  receiver: string,
  { state: { subscription }, entry: { decisionId } }: DueEntry,
  change: (entry: OutboxEntry) => OutboxEntry,
  records: readonly AttemptRecord[],
): Promise<void> => {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await deps.state.load(subscription);
    const entry = state.outbox[receiver];
    if (entry?.decisionId !== decisionId) {
      await deps.state.commit(subscription, state.version, { records });
      return;
    }
    const outbox = { ...state.outbox, [receiver]: change(entry) };
    const everywhere = Object.values(outbox).every((other) => other.state === "accepted");
    const delivered = { ...versionOf(entry), decisionId, atMs: deps.clock.nowMs() };
    const next = { ...state, version: state.version + 1, outbox, ...(everywhere ? { delivered } : {}) };
    if ((await deps.state.commit(subscription, state.version, { next, records })) === "committed") return;
  }
  deps.log("state-contended", { subscription, receiver });
};

/** Does the catalog in use still say what the entry was decided under? */
const stillStands = (catalog: CatalogView, receiver: string, { state }: DueEntry): boolean => {
  const subscription = catalog.subscription(state.subscription);
  return (
    subscription !== undefined &&
    !subscription.suspended &&
    subscription.receivers.includes(receiver) &&
    subscription.selectorHash === state.selectorHash
  );
};

const withdraw = (deps: PipelineDeps, receiver: string, due: DueEntry): Promise<void> => {
  const { state, entry } = due;
  deps.log("delivery-withdrawn", { receiver, subscription: state.subscription, decision: entry.decisionId });
  const change = ({ nextAttemptAtMs: _cleared, ...rest }: OutboxEntry): OutboxEntry => ({
    ...rest,
    state: "withdrawn",
    lastOutcome: "catalog-changed",
  });
  return updateEntry(deps, receiver, due, change, []);
};

/** What is due for one receiver now. What the catalog no longer stands behind is withdrawn on the way. */
export const loadDue = async (
  deps: PipelineDeps,
  receiver: string,
  limit: number,
): Promise<readonly DueEntry[]> => {
  const nowMs = deps.clock.nowMs();
  const catalog = deps.catalog();
  const due: DueEntry[] = [];
  for (const id of await deps.state.dueSubscriptions(receiver, nowMs, limit)) {
    const state = await deps.state.load(id);
    const entry = state.outbox[receiver];
    if (entry?.state !== "due" || (entry.nextAttemptAtMs ?? 0) > nowMs) continue;
    if (stillStands(catalog, receiver, { state, entry })) due.push({ state, entry });
    else await withdraw(deps, receiver, { state, entry });
  }
  return due;
};

export const toChange = (catalog: CatalogView, { state, entry }: DueEntry): Change | undefined => {
  const subscription = catalog.subscription(state.subscription);
  if (subscription === undefined) return undefined;
  return {
    ...versionOf(entry),
    decisionId: entry.decisionId,
    object: subscription.target,
    repository: subscription.repository,
    ...(entry.previous === undefined ? {} : { previous: versionOf(entry.previous) }),
    ...(entry.identity === undefined ? {} : { identity: entry.identity }),
  };
};

const applyAttempt = (
  entry: OutboxEntry,
  next: NextAttempt,
  outcome: Outcome,
  nowMs: number,
): OutboxEntry => {
  const { nextAttemptAtMs: _next, refusedSinceMs: _refused, ...rest } = entry;
  const attempted = {
    ...rest,
    attempts: entry.attempts + 1,
    firstAttemptAtMs: entry.firstAttemptAtMs ?? nowMs - outcome.durationMs,
    lastOutcome: outcome.code,
  };
  switch (next.kind) {
    case "accepted":
      return { ...attempted, state: "accepted", acceptedAtMs: nowMs };
    case "retry": {
      const refused = next.refusedSinceMs === undefined ? {} : { refusedSinceMs: next.refusedSinceMs };
      return { ...attempted, state: "due", nextAttemptAtMs: next.atMs, ...refused };
    }
    case "parked":
    case "disabled":
      return { ...attempted, state: next.kind };
  }
};

const scheduleNext = (deps: PipelineDeps, entry: OutboxEntry, outcome: Outcome, nowMs: number): NextAttempt =>
  nextAttempt({
    outcome,
    attempt: entry.attempts + 1,
    firstAttemptAtMs: entry.firstAttemptAtMs ?? nowMs - outcome.durationMs,
    // `lastOutcome` is only ever written from an Outcome's code while an entry is due.
    ...(entry.lastOutcome === undefined ? {} : { previousOutcome: entry.lastOutcome as OutcomeCode }),
    ...(entry.refusedSinceMs === undefined ? {} : { refusedSinceMs: entry.refusedSinceMs }),
    nowMs,
    random: deps.random.fraction(),
  });

/** Records one attempt for one entry and answers when the next one is due, if any. */
export const settleAttempt = async (
  deps: PipelineDeps,
  receiver: string,
  deliveryId: string,
  outcome: Outcome,
  due: DueEntry,
): Promise<number | undefined> => {
  const { state, entry } = due;
  const nowMs = deps.clock.nowMs();
  const next = scheduleNext(deps, entry, outcome, nowMs);
  const attempt: AttemptRecord = {
    kind: "attempt",
    id: `${entry.decisionId}/${receiver}/${entry.attempts + 1}/${nowMs}`,
    decisionId: entry.decisionId,
    atMs: nowMs,
    subscription: state.subscription,
    receiver,
    deliveryId,
    attempt: entry.attempts + 1,
    outcome: outcome.code,
    durationMs: outcome.durationMs,
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
  };
  await updateEntry(deps, receiver, due, (current) => applyAttempt(current, next, outcome, nowMs), [attempt]);
  if (next.kind === "parked" || next.kind === "disabled") {
    deps.log("delivery-parked", { receiver, subscription: state.subscription, reason: next.reason });
  }
  return next.kind === "retry" ? next.atMs : undefined;
};
