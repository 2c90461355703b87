import type { TableClient } from "@azure/data-tables";
import type { Clock, DeadLetter, DeadLetters, Work } from "../../ports.ts";
import { decodeWork, type WorkMessage } from "../../work-message.ts";
import type { OutgoingQueue } from "./lazy-queue.ts";
import { sendText } from "./storage-queue.ts";
import { removeAll, writeAll } from "./tables/batches.ts";
import { fromJsonColumns, toJsonColumns } from "./tables/columns.ts";
import { hashOf, toSortable } from "./tables/keys.ts";
import { createTable, type Entity, type Key, where } from "./tables/table.ts";

/** Where a queue's messages are set aside. */
export interface ParkedMessages {
  add(
    message: { readonly id: string; readonly body: string; readonly work?: Work },
    reason: string,
  ): Promise<void>;
}

export interface TableDeadLetters extends DeadLetters, ParkedMessages {
  /** Forgets what is older; returns how many. */
  prune(beforeMs: number): Promise<number>;
}

interface Parked {
  readonly id: string;
  readonly body: string;
  readonly reason: string;
  readonly work?: Work;
}

const decodeIfOurs = (body: string): Partial<WorkMessage> => {
  try {
    return decodeWork(body);
  } catch {
    // The platform's own event, or what it is here for.
    return {};
  }
};

const toDeadLetter = ({ columns }: Entity): DeadLetter => {
  const { id, reason, work } = fromJsonColumns(columns) as Parked;
  return { id, reason, atMs: Number(columns.at), ...(work === undefined ? {} : { work }) };
};

/**
 * Dead letters of one queue in a table: a queue of its own could not be listed beyond 32 messages, nor could one
 * be taken from its middle.
 */
export const createTableDeadLetters = (
  tableClient: TableClient,
  queue: OutgoingQueue,
  clock: Clock,
): TableDeadLetters => {
  const table = createTable(tableClient);
  const partitionKey = queue.name;
  const keyOf = (id: string): Key => ({ partitionKey, rowKey: hashOf(id) });
  const find = async (filter: string): Promise<readonly Entity[]> => {
    const found: Entity[] = [];
    for await (const entity of table.query(filter)) found.push(entity);
    return found;
  };

  const replayOne = async (id: string): Promise<boolean> => {
    const parked = await table.get(keyOf(id));
    if (parked === undefined) return false;
    const { body } = fromJsonColumns(parked.columns) as Parked;
    // Sent first: two of it are harmless, none would be lost work.
    await sendText(queue, body, 0);
    await table.remove(keyOf(id), parked.etag);
    return true;
  };

  return {
    async add(message, reason) {
      const { body } = message;
      // The id that the work was sent with: the queue's own means nothing to a person.
      const { id, work } = { ...message, ...decodeIfOurs(body) };
      const parked: Parked = { id, body, reason, ...(work === undefined ? {} : { work }) };
      const columns = { at: toSortable(clock.nowMs()), ...toJsonColumns(parked, `dead letter ${id}`) };
      await writeAll(table, [{ kind: "put", key: keyOf(id), columns }]);
    },
    async list(limit) {
      const found = await find(where`PartitionKey eq ${partitionKey}`);
      const letters = found.map(toDeadLetter).sort((a, b) => a.atMs - b.atMs);
      return letters.slice(0, limit);
    },
    async replay(ids) {
      let replayed = 0;
      for (const id of ids) if (await replayOne(id)) replayed += 1;
      return replayed;
    },
    async prune(beforeMs) {
      const old = await find(where`PartitionKey eq ${partitionKey} and at lt ${toSortable(beforeMs)}`);
      await removeAll(table, old);
      return old.length;
    },
  };
};
