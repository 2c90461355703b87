import type { Receiver } from "../receiver.ts";
import type { DeliverDeps } from "./deps.ts";
import { hintDelivery } from "./hints.ts";

const keyOf = (receiver: string): string => `rate/${receiver}`;

/**
 * Whether the receiver may get a request now, by the rate that sluice.yaml sets for it; counts it if so. Otherwise
 * asks to come back when it may.
 */
export const takeTurn = async (deps: DeliverDeps, receiver: Receiver): Promise<boolean> => {
  const { intervalMs } = deps.handlingOf(receiver);
  if (intervalMs === 0) return true;
  const nowMs = deps.clock.nowMs();
  const stored = await deps.state.loadDocument(keyOf(receiver.id));
  // We alone write it.
  const nextAtMs = (stored?.value as { readonly nextAtMs: number } | undefined)?.nextAtMs ?? 0;
  // A clock that was set back must not silence the receiver for longer than one interval.
  const isFree = nextAtMs <= nowMs || nextAtMs > nowMs + intervalMs;
  const next = { nextAtMs: nowMs + intervalMs };
  if (isFree && (await deps.state.saveDocument(keyOf(receiver.id), stored?.version ?? 0, next))) return true;
  const atMs = isFree ? nowMs + intervalMs : nextAtMs;
  await deps.queue.send([hintDelivery(receiver.id, "rate", nowMs, atMs)]);
  return false;
};
