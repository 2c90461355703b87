import type { QueuedWork } from "../ports.ts";
import type { SubscriptionState } from "../state.ts";
import type { SharedDeps } from "./deps.ts";

/**
 * State says what is due, hints only say "look now": a hint that is lost between commit and send is made up
 * for by the message's redelivery or by the sweep.
 */
export const hintDeliveries = async (deps: SharedDeps, state: SubscriptionState): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const due = Object.entries(state.outbox).filter(([, entry]) => entry.state === "due");
  const messages = due.map(([receiver, entry]) =>
    hintDelivery(receiver, entry.decisionId, nowMs, entry.nextAttemptAtMs),
  );
  if (messages.length > 0) await deps.queue.send(messages);
};

export const hintDelivery = (
  receiver: string,
  occasion: string,
  nowMs: number,
  atMs: number | undefined,
): QueuedWork => ({
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
