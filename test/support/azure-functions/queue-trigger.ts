import { setTimeout as wait } from "node:timers/promises";
import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import type { RegisteredFunction } from "./worker.ts";

export interface QueueSettings {
  readonly batchSize: number;
  readonly maxDequeueCount: number;
  /** After a failure. */
  readonly visibilityTimeoutS: number;
  /** While a function works on a message; the real host takes ten minutes and extends them. */
  readonly invisibleS: number;
}

const IDLE_MS = 100;

const toMetadata = (item: DequeuedMessageItem, text: string) => ({
  QueueTrigger: { string: text },
  Id: { string: item.messageId },
  PopReceipt: { string: item.popReceipt },
  DequeueCount: { json: String(item.dequeueCount) },
  InsertionTime: { json: JSON.stringify(item.insertedOn.toISOString()) },
  ExpirationTime: { json: JSON.stringify(item.expiresOn.toISOString()) },
  NextVisibleTime: { json: JSON.stringify(item.nextVisibleOn.toISOString()) },
});

const handle = async (
  target: RegisteredFunction,
  queue: QueueClient,
  poison: QueueClient,
  settings: QueueSettings,
  item: DequeuedMessageItem,
): Promise<void> => {
  const { messageId, popReceipt, messageText, dequeueCount } = item;
  const text = Buffer.from(messageText, "base64").toString();
  try {
    await target.invoke({ string: text }, toMetadata(item, text));
    await queue.deleteMessage(messageId, popReceipt);
  } catch (error) {
    console.error(`${target.name} failed:`, error);
    if (dequeueCount < settings.maxDequeueCount) {
      await queue.updateMessage(messageId, popReceipt, undefined, settings.visibilityTimeoutS);
      return;
    }
    await poison.createIfNotExists();
    await poison.sendMessage(messageText);
    await queue.deleteMessage(messageId, popReceipt);
  }
};

/** Hands messages over for as long as the process lives: at least once, in the end to the poison queue. */
export const pollQueue = async (
  target: RegisteredFunction,
  open: (name: string) => QueueClient,
  settings: QueueSettings,
): Promise<never> => {
  const { queueName = "" } = target.trigger;
  const queue = open(queueName);
  const poison = open(`${queueName}-poison`);
  for (;;) {
    try {
      const { receivedMessageItems } = await queue.receiveMessages({
        numberOfMessages: settings.batchSize,
        visibilityTimeout: settings.invisibleS,
      });
      await Promise.all(receivedMessageItems.map((item) => handle(target, queue, poison, settings, item)));
      if (receivedMessageItems.length === 0) await wait(IDLE_MS);
    } catch (error) {
      console.error(`queue ${queueName}:`, error);
      await wait(IDLE_MS);
    }
  }
};
