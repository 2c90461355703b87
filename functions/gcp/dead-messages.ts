import type { SetAside } from "../../shared/adapters/gcp/firestore/dead-letters.ts";
import { toHandedEvent, toHandedMessage } from "../../shared/adapters/gcp/pubsub/message.ts";
import type { PulledMessage } from "../../shared/adapters/gcp/pubsub/subscription.ts";
import { gar } from "../../shared/push/gar.ts";
import { readMessage } from "../wiring/read-message.ts";
import type { Names } from "./names.ts";
import type { GoogleCloud } from "./runtime.ts";

const BATCH = 100;
const MAX_BATCHES = 20;
const SOURCE = "CloudPubSubDeadLetterSourceSubscription";
const COUNT = "CloudPubSubDeadLetterSourceDeliveryCount";

/** What Pub/Sub gave up on: its work, or itself as it came. Events of other topics are evaluate's. */
const toSetAside = (
  message: PulledMessage,
  { evaluateTopic, deliverTopic }: Pick<Names, "evaluateTopic" | "deliverTopic">,
): Omit<SetAside, "reason"> => {
  const source = message.attributes[SOURCE] ?? "";
  // Subscriptions of our own topics are called as those are.
  const isOwn = source === evaluateTopic || source === deliverTopic;
  const handed = isOwn ? toHandedMessage(message) : toHandedEvent(message);
  const { id, body, sentAtMs } = handed;
  try {
    const [work] = readMessage(handed, isOwn ? undefined : gar);
    return { id, ...(work === undefined ? {} : { work }) };
  } catch {
    // That it cannot be read may be why it is here.
    return { id, unread: { topic: isOwn ? source : evaluateTopic, body, sentAtMs } };
  }
};

/**
 * Takes what Pub/Sub gave up on (a function that crashes or never answers settles nothing itself) into the dead
 * letters, where a person sees it. Kept there before it is acknowledged here.
 */
export const keepDeadMessages = async (
  { deadSubscription, deadLetters, log }: Pick<GoogleCloud, "deadSubscription" | "deadLetters" | "log">,
  names: Pick<Names, "evaluateTopic" | "deliverTopic">,
): Promise<void> => {
  for (let batches = 0; batches < MAX_BATCHES; batches++) {
    const messages = await deadSubscription.pull(BATCH);
    if (messages.length === 0) return;
    for (const message of messages) {
      const source = message.attributes[SOURCE] ?? "";
      const aside = toSetAside(message, names);
      const reason = `Pub/Sub gave up after ${message.attributes[COUNT] ?? "all"} deliveries of ${source}: no answer, or a failure to settle`;
      await deadLetters.add({ ...aside, reason });
      log("work-parked", { id: aside.id, work: aside.work?.kind ?? "unreadable", reason });
    }
    await deadSubscription.acknowledge(messages);
  }
};
