import type { QueuedWork } from "../../ports.ts";
import type { SubscriptionState } from "../../state.ts";
import type { DeliverDeps, SharedDeps } from "../deps.ts";
import { rearm } from "./deliveries.ts";
import { isReachedOtherwise } from "./scheduled.ts";

/** Asks whether what is parked may go out: only who delivers may read receivers' secrets. */
export const hintParked = async (
  { queue }: Pick<SharedDeps, "queue">,
  { subscription, outbox }: SubscriptionState,
): Promise<void> => {
  const parked = Object.entries(outbox).filter(([, { state }]) => state === "parked");
  const messages = parked.map(
    ([receiver]): QueuedWork => ({
      id: `parked/${receiver}/${subscription}`,
      work: { kind: "deliver", receiver, again: true, parked: subscription },
    }),
  );
  if (messages.length > 0) await queue.send(messages);
};

/** Makes a parked delivery due again whose receiver is reached another way now. */
export const rearmMended = async (
  deps: DeliverDeps,
  receiverId: string,
  subscription: string,
): Promise<void> => {
  const row = await deps.state.load(subscription);
  const entry = row.outbox[receiverId];
  const receiver = deps.catalog().receiver(receiverId);
  if (entry?.state !== "parked" || receiver === undefined) return;
  if (entry.parked === undefined || !(await isReachedOtherwise(deps, receiver, entry.parked))) return;
  if (await rearm(deps, { row, receiver: receiverId, entry })) {
    deps.log("delivery-rearmed", { receiver: receiverId, subscription, reason: entry.reason });
  }
};
