import type { Receiver } from "../../receiver.ts";
import type { DeliverDeps } from "../deps.ts";
import { hintDelivery } from "../hints.ts";

const keyOf = (receiver: string): string => `rate/${receiver}`;

/**
 * Counts a request to the receiver, by the rate that sluice.yaml sets for it; answers when it may be made where that is
 * not now, and counts none then.
 */
export const reserveTurn = async (
  deps: Pick<DeliverDeps, "clock" | "state" | "handlingOf">,
  receiver: Receiver,
): Promise<number | undefined> => {
  const { intervalMs } = deps.handlingOf(receiver);
  if (intervalMs === 0) return undefined;
  const nowMs = deps.clock.nowMs();
  const stored = await deps.state.loadDocument(keyOf(receiver.id));
  // We alone write it.
  const nextAtMs = (stored?.value as { readonly nextAtMs: number } | undefined)?.nextAtMs ?? 0;
  // A clock that was set back must not silence the receiver for longer than one interval.
  const isFree = nextAtMs <= nowMs || nextAtMs > nowMs + intervalMs;
  const next = { nextAtMs: nowMs + intervalMs };
  if (isFree && (await deps.state.saveDocument(keyOf(receiver.id), stored?.version ?? 0, next))) {
    return undefined;
  }
  return isFree ? nowMs + intervalMs : nextAtMs;
};

/** Whether the receiver may get a request now, and counts it if so. Otherwise asks to come back when it may. */
export const takeTurn = async (deps: DeliverDeps, receiver: Receiver): Promise<boolean> => {
  const atMs = await reserveTurn(deps, receiver);
  if (atMs === undefined) return true;
  await deps.queue.send([hintDelivery(receiver.id, "rate", deps.clock.nowMs(), atMs)]);
  return false;
};
