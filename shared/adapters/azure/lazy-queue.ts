import type { QueueClient } from "@azure/storage-queue";
import type { EntraTokenSource } from "./entra-token.ts";

/** What of a queue is needed to put something on it. */
export type OutgoingQueue = Pick<QueueClient, "name" | "sendMessage">;

/** A queue whose client is loaded when something is first sent: many an event ends without. */
export const openLazyQueue = (accountUri: string, name: string, tokens: EntraTokenSource): OutgoingQueue => {
  let client: OutgoingQueue | undefined;
  return {
    name,
    async sendMessage(...message) {
      const { openQueue } = await import("./open-queue.ts");
      client ??= openQueue(accountUri, name, tokens);
      return client.sendMessage(...message);
    },
  };
};
