import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import { createHandedSettler, toHandedMessage } from "../../../shared/adapters/azure/handed-message.ts";
import type { TableDeadLetters } from "../../../shared/adapters/azure/table-dead-letters.ts";
import type { ReceivedWork, WorkConsumer } from "../../../shared/ports.ts";
import { decodeWork } from "../../../shared/work-message.ts";

/**
 * What the Functions host does with a queue: takes messages, hands them over, deletes those that ended well. What
 * happens to a message in between is our adapter's.
 */
export const createHostConsumer = (client: QueueClient, deadLetters: TableDeadLetters): WorkConsumer => {
  const settler = createHandedSettler(client, deadLetters);
  const taken = new Map<string, DequeuedMessageItem>();

  const take = (item: DequeuedMessageItem): ReceivedWork => {
    const { messageId, popReceipt, dequeueCount, insertedOn, messageText } = item;
    // Messages taken together may share their receipt.
    const lease = `${messageId} ${popReceipt}`;
    taken.set(lease, item);
    const text = Buffer.from(messageText, "base64").toString();
    const handed = toHandedMessage(text, {
      id: messageId,
      dequeueCount,
      insertedAtMs: insertedOn.getTime(),
    });
    return { ...decodeWork(handed.body), receiveCount: handed.receiveCount, lease };
  };

  const itemOf = ({ lease }: ReceivedWork): DequeuedMessageItem => {
    const item = taken.get(lease);
    if (item === undefined) throw new Error("this was never handed over");
    return item;
  };

  const handedOf = (received: ReceivedWork) => {
    const { messageId: id, dequeueCount, insertedOn, messageText } = itemOf(received);
    const text = Buffer.from(messageText, "base64").toString();
    return toHandedMessage(text, { id, dequeueCount, insertedAtMs: insertedOn.getTime() });
  };

  /** The host lets whoever took a message over delete it. */
  const forget = async (received: ReceivedWork): Promise<void> => {
    const { messageId, popReceipt } = itemOf(received);
    await client.deleteMessage(messageId, popReceipt).catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404 && error.statusCode !== 400) throw error;
    });
  };

  return {
    async receive(limit, leaseMs) {
      const { receivedMessageItems } = await client.receiveMessages({
        numberOfMessages: Math.min(limit, 32),
        visibilityTimeout: Math.ceil(leaseMs / 1_000),
      });
      return receivedMessageItems.map(take);
    },
    complete: forget,
    async retry(received, delayMs) {
      await settler.retry(handedOf(received), delayMs);
      await forget(received);
    },
    async park(received, reason) {
      await settler.park(handedOf(received), reason);
      await forget(received);
    },
  };
};
