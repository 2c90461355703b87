import { toHandedEvent, toHandedMessage } from "../../shared/adapters/gcp/pubsub/message.ts";
import type { PulledMessage } from "../../shared/adapters/gcp/pubsub/subscription.ts";
import type { Work } from "../../shared/ports.ts";
import { gar } from "../../shared/push/gar.ts";
import { readMessage } from "../common/read-message.ts";
import type { GoogleCloud } from "./runtime.ts";

const BATCH = 100;
const MAX_BATCHES = 20;
const SOURCE = "CloudPubSubDeadLetterSourceSubscription";
const COUNT = "CloudPubSubDeadLetterSourceDeliveryCount";

const workOf = (message: PulledMessage, isOwn: boolean): { readonly id: string; readonly work?: Work } => {
  const handed = isOwn ? toHandedMessage(message) : toHandedEvent(message);
  try {
    const [work] = readMessage(handed, isOwn ? undefined : gar);
    return { id: handed.id, ...(work === undefined ? {} : { work }) };
  } catch {
    // That it cannot be read may be why it is here.
    return { id: handed.id };
  }
};

/**
 * Takes what Pub/Sub gave up on (a function that crashes or never answers settles nothing itself) into the dead
 * letters, where a person sees it. Kept there before it is acknowledged here.
 */
export const keepDeadMessages = async (
  { deadSubscription, deadLetters, log }: Pick<GoogleCloud, "deadSubscription" | "deadLetters" | "log">,
  ownSubscriptions: readonly string[],
): Promise<void> => {
  for (let batches = 0; batches < MAX_BATCHES; batches++) {
    const messages = await deadSubscription.pull(BATCH);
    if (messages.length === 0) return;
    for (const message of messages) {
      const source = message.attributes[SOURCE] ?? "";
      const { id, work } = workOf(message, ownSubscriptions.includes(source));
      const reason = `Pub/Sub gave up after ${message.attributes[COUNT] ?? "all"} deliveries of ${source}: no answer, or a failure to settle`;
      await deadLetters.add({ id, reason, ...(work === undefined ? {} : { work }) });
      log("work-parked", { id, work: work?.kind ?? "unreadable", reason });
    }
    await deadSubscription.acknowledge(messages);
  }
};
