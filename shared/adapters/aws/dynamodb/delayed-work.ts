import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { Clock, QueuedWork, WorkQueue } from "../../../ports.ts";
import { decodeWork, encodeWork } from "../../../work-message.ts";
import { queryDue } from "./due.ts";
import { getAll } from "./query.ts";
import { answered, DUE, keys, num, type Table, textOf } from "./table.ts";

const BATCH = 100;

export interface DynamoDelayedWork {
  /** Keeps work whose delay is longer than the queue takes. Durable once it resolves. */
  add(messages: readonly QueuedWork[]): Promise<void>;
  /** Sends what is due by now; sent twice rather than lost. Answers how many. */
  release(queue: WorkQueue, limit: number): Promise<number>;
}

/** Work that waits in the table until the sweep puts it on its queue. */
export const createDynamoDelayedWork = (table: Table, clock: Clock): DynamoDelayedWork => {
  const { client, name: TableName } = table;

  const put = async ({ delayMs = 0, ...message }: QueuedWork): Promise<void> => {
    const Item = {
      ...keys.delayed(message.id),
      message: { S: encodeWork(message) },
      duePk: { S: DUE.work },
      dueAtMs: num(clock.nowMs() + delayMs),
    };
    await answered("delayed work", client.send(new PutItemCommand({ TableName, Item })));
  };

  const takeDue = async (limit: number) => {
    const due = [];
    for await (const item of queryDue(table, DUE.work, clock.nowMs())) {
      due.push(item);
      if (due.length >= limit) break;
    }
    return getAll(table, "delayed work", due);
  };

  return {
    async add(messages) {
      await Promise.all(messages.map(put));
    },
    async release(queue, limit) {
      const items = await takeDue(Math.min(limit, BATCH));
      await queue.send(items.map((item) => decodeWork(textOf(item, "message"))));
      await Promise.all(
        items.map((item) => {
          const { id } = decodeWork(textOf(item, "message"));
          const gone = new DeleteItemCommand({ TableName, Key: keys.delayed(id) });
          return answered("delayed work", client.send(gone));
        }),
      );
      return items.length;
    },
  };
};
