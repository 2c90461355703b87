import type { Work, WorkSettler } from "../../ports.ts";
import type { OutgoingQueue } from "./lazy-queue.ts";
import { sendText } from "./storage-queue.ts";
import type { ParkedMessages } from "./table-dead-letters.ts";

/** A message that the Functions host took from a queue for us. */
export interface HandedQueueMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  readonly work?: Work;
}

/** What the host knows of a message besides its text. */
export interface QueueMetadata {
  readonly id: string;
  readonly dequeueCount: number;
  readonly insertedAtMs: number;
}

interface RetryCopy {
  readonly retry: { readonly id: string; readonly sentAtMs: number; readonly receiveCount: number };
  readonly body: string;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const asRetryCopy = (value: unknown): RetryCopy | undefined => {
  if (!isObject(value) || typeof value.body !== "string" || !isObject(value.retry)) return undefined;
  const { id, sentAtMs, receiveCount } = value.retry;
  if (typeof id !== "string" || typeof sentAtMs !== "number" || typeof receiveCount !== "number")
    return undefined;
  return { retry: { id, sentAtMs, receiveCount }, body: value.body };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Reads what the host hands over: text, or the object that it made of it. A copy counts on from its original. */
export const toHandedMessage = (item: unknown, metadata: QueueMetadata): HandedQueueMessage => {
  const text = typeof item === "string" ? item : JSON.stringify(item);
  const copy = asRetryCopy(typeof item === "string" ? parse(item) : item);
  const { id, dequeueCount, insertedAtMs } = metadata;
  if (copy === undefined) return { id, body: text, sentAtMs: insertedAtMs, receiveCount: dequeueCount };
  const { retry, body } = copy;
  return { id: retry.id, body, sentAtMs: retry.sentAtMs, receiveCount: retry.receiveCount + dequeueCount };
};

/**
 * Settles what the host handed over. The host deletes a message when its function ends well and knows no delay of
 * ours, so a retry is a copy that becomes visible later.
 */
export const createHandedSettler = (
  client: OutgoingQueue,
  deadLetters: ParkedMessages,
): WorkSettler<HandedQueueMessage> => ({
  complete: async () => {},
  retry({ id, body, sentAtMs, receiveCount }, delayMs) {
    const copy: RetryCopy = { retry: { id, sentAtMs, receiveCount }, body };
    return sendText(client, JSON.stringify(copy), delayMs);
  },
  park: (message, reason) => deadLetters.add(message, reason),
});
