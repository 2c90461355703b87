import { createHash } from "node:crypto";
import type { ObjectRef, Receiver } from "../ports.ts";
import type { AttemptRecord, DecisionRecord, OutboxEntry, SubscriptionState, Version } from "../state.ts";
import type { Delivery, NextAttempt, PipelineDeps, SentAttempt } from "./deps.ts";
import { hintDelivery } from "./hints.ts";

/** Objects named in one request: a burst for one receiver leaves as one. */
const MAX_CHANGES = 200;
/** Rounds before another worker gets a turn; the queue carries on. */
const MAX_ROUNDS = 20;
const MAX_CONFLICTS = 8;
/** When another worker holds the receiver, it may have looked just before our entry was written. */
const HELD_RETRY_MS = 1_000;

interface DueEntry {
  readonly state: SubscriptionState;
  readonly entry: OutboxEntry;
}

const formatObject = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`;

const versionOf = ({ tag, digest }: Version): Version => (tag === undefined ? { digest } : { tag, digest });

/** Commits a change of one outbox entry, unless a newer decision took its place meanwhile. */
const updateEntry = async (
  deps: PipelineDeps,
  subscription: string,
  receiver: string,
  decisionId: string,
  change: (entry: OutboxEntry) => OutboxEntry,
  records: readonly (AttemptRecord | DecisionRecord)[],
): Promise<void> => {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await deps.state.load(subscription);
    const entry = state.outbox[receiver];
    if (entry?.decisionId !== decisionId) {
      await deps.state.commit(subscription, state.version, { records });
      return;
    }
    const changed = change(entry);
    const outbox = { ...state.outbox, [receiver]: changed };
    const everywhere = Object.values(outbox).every((other) => other.state === "accepted");
    const delivered = { ...versionOf(entry), decisionId, atMs: deps.clock.nowMs() };
    const next = { ...state, version: state.version + 1, outbox, ...(everywhere ? { delivered } : {}) };
    if ((await deps.state.commit(subscription, state.version, { next, records })) === "committed") return;
  }
  deps.log("state-contended", { subscription, receiver });
};

/** Does the catalog in use still say what the entry was decided under? */
const stillStands = (deps: PipelineDeps, receiver: string, { state, entry }: DueEntry): boolean => {
  const subscription = deps.catalog().subscription(state.subscription);
  return (
    subscription !== undefined &&
    !subscription.suspended &&
    subscription.receivers.includes(receiver) &&
    subscription.selectorHash === state.selectorHash &&
    entry.digest !== undefined
  );
};

const withdraw = (deps: PipelineDeps, receiver: string, { state, entry }: DueEntry): Promise<void> => {
  deps.log("delivery-withdrawn", { receiver, subscription: state.subscription, decision: entry.decisionId });
  return updateEntry(
    deps,
    state.subscription,
    receiver,
    entry.decisionId,
    ({ nextAttemptAtMs: _cleared, ...rest }) => ({
      ...rest,
      state: "withdrawn",
      lastOutcome: "catalog-changed",
    }),
    [],
  );
};

const loadDue = async (deps: PipelineDeps, receiver: string): Promise<readonly DueEntry[]> => {
  const nowMs = deps.clock.nowMs();
  const ids = await deps.state.dueSubscriptions(receiver, nowMs, MAX_CHANGES);
  const due: DueEntry[] = [];
  for (const id of ids) {
    const state = await deps.state.load(id);
    const entry = state.outbox[receiver];
    if (entry?.state !== "due" || (entry.nextAttemptAtMs ?? 0) > nowMs) continue;
    if (stillStands(deps, receiver, { state, entry })) due.push({ state, entry });
    else await withdraw(deps, receiver, { state, entry });
  }
  return due;
};

const toDelivery = (deps: PipelineDeps, receiver: Receiver, due: readonly DueEntry[]): Delivery => {
  const catalog = deps.catalog();
  const decisions = due.map(({ entry }) => entry.decisionId).sort();
  return {
    // The same decisions, the same id: a receiver can tell a repeated request from a new one.
    id: createHash("sha256")
      .update(JSON.stringify([receiver.id, ...decisions]))
      .digest("hex")
      .slice(0, 32),
    receiver,
    timeMs: deps.clock.nowMs(),
    changes: due.flatMap(({ state, entry }) => {
      const subscription = catalog.subscription(state.subscription);
      if (subscription === undefined) return [];
      return [
        {
          object: formatObject(subscription.target),
          repository: subscription.repository,
          version: versionOf(entry),
          decisionId: entry.decisionId,
          ...(entry.previous === undefined ? {} : { previous: entry.previous }),
          ...(entry.identity === undefined ? {} : { identity: entry.identity }),
        },
      ];
    }),
  };
};

const applyAttempt = (
  entry: OutboxEntry,
  next: NextAttempt,
  sent: SentAttempt,
  nowMs: number,
): OutboxEntry => {
  const { nextAttemptAtMs: _cleared, ...rest } = entry;
  const attempted = {
    ...rest,
    attempts: entry.attempts + 1,
    firstAttemptAtMs: entry.firstAttemptAtMs ?? nowMs,
    lastOutcome: sent.outcome,
  };
  switch (next.kind) {
    case "accepted":
      return { ...attempted, state: "accepted", acceptedAtMs: nowMs };
    case "retry":
      return { ...attempted, state: "due", nextAttemptAtMs: next.atMs };
    case "parked":
      return { ...attempted, state: "parked" };
  }
};

const settleAttempt = async (
  deps: PipelineDeps,
  delivery: Delivery,
  sent: SentAttempt,
  startedAtMs: number,
  { state, entry }: DueEntry,
): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const next = deps.nextAttempt({
    sent,
    attempt: entry.attempts + 1,
    firstAttemptAtMs: entry.firstAttemptAtMs ?? startedAtMs,
    nowMs,
  });
  const attempt: AttemptRecord = {
    kind: "attempt",
    id: `${entry.decisionId}/${delivery.receiver.id}/${entry.attempts + 1}/${startedAtMs}`,
    decisionId: entry.decisionId,
    atMs: nowMs,
    subscription: state.subscription,
    receiver: delivery.receiver.id,
    deliveryId: delivery.id,
    attempt: entry.attempts + 1,
    outcome: sent.outcome,
    durationMs: nowMs - startedAtMs,
    ...(sent.status === undefined ? {} : { status: sent.status }),
  };
  const apply = (current: OutboxEntry) => applyAttempt(current, next, sent, nowMs);
  await updateEntry(deps, state.subscription, delivery.receiver.id, entry.decisionId, apply, [attempt]);
  if (next.kind === "retry") {
    await deps.queue.send([hintDelivery(delivery.receiver.id, entry.decisionId, nowMs, next.atMs)]);
  }
};

const deliverRound = async (
  deps: PipelineDeps,
  receiver: Receiver,
  signal: AbortSignal,
): Promise<boolean> => {
  const due = await loadDue(deps, receiver.id);
  if (due.length === 0) return false;
  const delivery = toDelivery(deps, receiver, due);
  const startedAtMs = deps.clock.nowMs();
  const sent = await deps.send(delivery, signal);
  const { outcome, status } = sent;
  deps.log("attempt", { receiver: receiver.id, delivery: delivery.id, changes: due.length, outcome, status });
  await Promise.all(due.map((one) => settleAttempt(deps, delivery, sent, startedAtMs, one)));
  return true;
};

/** Tells one receiver everything that is due for it, one request at a time, newest decision per object. */
export const deliverTo = async (
  deps: PipelineDeps,
  receiverId: string,
  signal: AbortSignal,
): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const key = `deliver/${receiverId}`;
  const owner = `${nowMs}-${deps.random.fraction()}`;
  if (!(await deps.state.claim(key, owner, nowMs + deps.settings.deliveryLeaseMs))) {
    // By the second: many who find it held leave one hint, and never the id of one that is being worked on.
    const atMs = (Math.floor(nowMs / HELD_RETRY_MS) + 2) * HELD_RETRY_MS;
    await deps.queue.send([hintDelivery(receiverId, "held", nowMs, atMs)]);
    return;
  }
  try {
    const receiver = deps.catalog().receiver(receiverId) ?? { id: receiverId };
    for (let round = 0; round < MAX_ROUNDS && !signal.aborted; round++) {
      if (!("type" in receiver)) {
        // The receiver left the catalog: loading withdraws what was due for it.
        await loadDue(deps, receiverId);
        return;
      }
      if (!(await deliverRound(deps, receiver, signal))) return;
    }
    await deps.queue.send([hintDelivery(receiverId, "more", nowMs, undefined)]);
  } finally {
    await deps.state.release(key, owner);
  }
};
