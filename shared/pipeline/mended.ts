import type { SubscriptionState } from "../state.ts";
import { type DeliveriesDeps, rearm } from "./deliveries.ts";
import type { SharedDeps } from "./deps.ts";

/** Deliveries that were parked, and whose receiver is reached another way now: another address, type or secret. */
export const rearmMended = async (
  deps: DeliveriesDeps & Pick<SharedDeps, "catalog" | "handlingOf">,
  row: SubscriptionState,
): Promise<void> => {
  for (const [receiver, entry] of Object.entries(row.outbox)) {
    if (entry.state !== "parked" || entry.parked === undefined) continue;
    const known = deps.catalog().receiver(receiver);
    if (known === undefined || deps.handlingOf(known).configuration === entry.parked.configuration) continue;
    if (await rearm(deps, { row, receiver, entry })) {
      deps.log("delivery-rearmed", { receiver, subscription: row.subscription, reason: entry.reason });
    }
  }
};
