import type { QueuedWork, Work } from "../ports.ts";
import { dueAtMsOf, type OutboxEntry, type SubscriptionState } from "../state.ts";
import type { SharedDeps } from "./deps.ts";

/**
 * State says what is due, hints only say "look now": a hint that is lost between commit and send is made up
 * for by the message's redelivery or by the sweep. `before`: the row as it was, which tells how its receivers are.
 */
export const hintDeliveries = async (
  deps: SharedDeps,
  state: SubscriptionState,
  before: SubscriptionState,
): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const due = Object.entries(state.outbox).filter(([, entry]) => entry.state === "due");
  const messages = due.map(([receiver, entry]) =>
    (isInTrouble(before.outbox[receiver], nowMs) ? hintAgain : hintDelivery)(
      receiver,
      entry.decisionId,
      nowMs,
      entry.nextAttemptAtMs,
    ),
  );
  if (messages.length > 0) await deps.queue.send(messages);
};

/** A healthy receiver is told within this time of what is due for it. */
const PROMPT_MS = 1_000;

/** Whether a receiver still owes its answer to what it was to be told before: it failed, refused, or hangs. */
const isInTrouble = (before: OutboxEntry | undefined, nowMs: number): boolean => {
  if (before === undefined || before.state === "accepted" || before.state === "withdrawn") return false;
  if (before.state !== "due" || before.attempts > 0) return true;
  return nowMs - (dueAtMsOf(before) ?? nowMs) > PROMPT_MS;
};

/** As `hintDelivery`, for what was tried before, and whoever others need not wait for. */
export const hintAgain = (...hint: Parameters<typeof hintDelivery>): QueuedWork => {
  const { work, ...rest } = hintDelivery(...hint);
  return { ...rest, work: { ...work, again: true } };
};

export const hintDelivery = (
  receiver: string,
  occasion: string,
  nowMs: number,
  atMs: number | undefined,
): QueuedWork & { readonly work: Extract<Work, { kind: "deliver" }> } => ({
  id: `deliver/${receiver}/${occasion}/${atMs ?? nowMs}`,
  work: { kind: "deliver", receiver },
  ...(atMs !== undefined && atMs > nowMs ? { delayMs: atMs - nowMs } : {}),
});

/** Asks for another look at a pending selection when its schedule says so. */
export const hintNextCheck = async (deps: SharedDeps, state: SubscriptionState): Promise<void> => {
  const { selection, subscription } = state;
  if (selection?.checkAtMs === undefined) return;
  const delayMs = Math.max(0, selection.checkAtMs - deps.clock.nowMs());
  const id = `evaluate/${selection.decisionId}/${selection.checkAtMs}`;
  await deps.queue.send([{ id, work: { kind: "evaluate", subscription }, delayMs }]);
};
