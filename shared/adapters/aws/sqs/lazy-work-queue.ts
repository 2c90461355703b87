import type { SqsWorkQueue } from "./work-queue.ts";

/** A queue whose client is loaded when something is first asked of it: many an event ends without. */
export const createLazySqsWorkQueue = (open: () => Promise<SqsWorkQueue>): SqsWorkQueue => ({
  async send(messages) {
    if (messages.length > 0) await (await open()).send(messages);
  },
  receive: async (limit, leaseMs) => (await open()).receive(limit, leaseMs),
  complete: async (received) => (await open()).complete(received),
  retry: async (received, delayMs) => (await open()).retry(received, delayMs),
  park: async (received, reason) => (await open()).park(received, reason),
  delay: async (message, delayMs) => (await open()).delay(message, delayMs),
  setAside: async (message, reason) => (await open()).setAside(message, reason),
  deadLetters: {
    list: async (limit) => (await open()).deadLetters.list(limit),
    replay: async (ids) => (await open()).deadLetters.replay(ids),
  },
});
