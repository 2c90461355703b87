import { PipelineError } from "../../errors.ts";
import type { WorkQueue } from "../../ports.ts";
import { encodeWork } from "../../work-message.ts";
import type { OutgoingQueue } from "./lazy-queue.ts";
import { callDeadline, toUnavailable } from "./rest-error.ts";
import { mapSome } from "./tables/batches.ts";

/** What one message takes, after its encoding. */
const MAX_ENCODED_BYTES = 64 * 1024;
const MAX_DELAY_S = 7 * 24 * 3_600;
/** A message lives for a week unless told otherwise; work waits for as long as it takes. */
const FOREVER_S = -1;

/** Whole seconds, never sooner than asked; a longer wait than the queue knows ends early, and state says then what is due. */
const toDelayS = (delayMs: number): number => Math.min(Math.ceil(delayMs / 1_000), MAX_DELAY_S);

/** Puts text on a queue as Functions and Event Grid do, in base64. Throws `PUSH_TOO_LARGE`, `QUEUE_UNAVAILABLE`. */
export const sendText = async (client: OutgoingQueue, text: string, delayMs: number): Promise<void> => {
  const encoded = Buffer.from(text).toString("base64");
  if (encoded.length > MAX_ENCODED_BYTES) {
    const message = `queue ${client.name}: a message of ${encoded.length} bytes, more than the ${MAX_ENCODED_BYTES} that it takes`;
    throw new PipelineError(message, { code: "PUSH_TOO_LARGE" });
  }
  const options = {
    visibilityTimeout: toDelayS(delayMs),
    messageTimeToLive: FOREVER_S,
    abortSignal: callDeadline(),
  };
  try {
    await client.sendMessage(encoded, options);
  } catch (error) {
    throw toUnavailable(`queue ${client.name}`, "QUEUE_UNAVAILABLE", error);
  }
};

/** Work on one queue of Queue Storage. A delay is the time that a message stays invisible. */
export const createStorageWorkQueue = (client: OutgoingQueue): WorkQueue => ({
  async send(messages) {
    await mapSome(messages, (message) => sendText(client, encodeWork(message), message.delayMs ?? 0));
  },
});
