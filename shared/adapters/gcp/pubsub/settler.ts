import type { Work, WorkSettler } from "../../../ports.ts";
import type { FirestoreDeadLetters } from "../firestore/dead-letters.ts";
import type { HandedPubSubMessage } from "./message.ts";
import type { PubSubWorkQueue } from "./work-queue.ts";

/** Settles messages that Pub/Sub pushed to us: once settled, the answer is a success and Pub/Sub forgets the message. */
export const createPubSubSettler = (
  queue: Pick<PubSubWorkQueue, "topic" | "sendAgain">,
  deadLetters: Pick<FirestoreDeadLetters, "add">,
): WorkSettler<HandedPubSubMessage & { readonly work?: Work }> => ({
  complete: async () => {},
  retry: ({ body, receiveCount, sentAtMs }, delayMs) =>
    queue.sendAgain({ body, attempt: receiveCount + 1, sentAtMs }, delayMs),
  park: ({ id, body, sentAtMs, work }, reason) =>
    deadLetters.add({
      id,
      reason,
      ...(work === undefined ? { unread: { topic: queue.topic, body, sentAtMs } } : { work }),
    }),
});
