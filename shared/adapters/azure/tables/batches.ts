import { type Action, type Key, MAX_ACTIONS, type Table } from "./table.ts";

/** Requests to the table at once for one call of ours. */
const AT_ONCE = 16;

/** Keeps the order of `items`; at most 16 at a time. */
export const mapSome = async <T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(work))));
  }
  return results;
};

/** Actions by partition, in pieces that one transaction takes. */
export const toTransactions = (actions: readonly Action[]): readonly (readonly Action[])[] => {
  const byPartition = Map.groupBy(actions, ({ key }) => key.partitionKey);
  return [...byPartition.values()].flatMap((all) => {
    const pieces: Action[][] = [];
    for (let start = 0; start < all.length; start += MAX_ACTIONS) {
      pieces.push(all.slice(start, start + MAX_ACTIONS));
    }
    return pieces;
  });
};

/** Writes that cannot conflict, as few transactions as they need. */
export const writeAll = async (table: Table, actions: readonly Action[]): Promise<void> => {
  await mapSome(toTransactions(actions), (transaction) => table.write(transaction));
};

/** Removes what is there of these. */
export const removeAll = async (table: Table, keys: readonly Key[]): Promise<void> => {
  const remove = (key: Key): Action => ({ kind: "delete", key });
  await mapSome(toTransactions(keys.map(remove)), async (transaction) => {
    if (await table.write(transaction)) return;
    // One of them was gone already, which undid the whole transaction.
    await mapSome(transaction, (action) => table.write([action]));
  });
};
