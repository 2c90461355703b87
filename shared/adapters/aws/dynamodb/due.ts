import type { StateStore } from "../../../state.ts";
import { queryAll } from "./query.ts";
import { DUE, INDEX, type Item, keys, nameOf, num, numberOf, type Table, textOf } from "./table.ts";

/** What the `due` index has of one kind at `nowMs`, oldest first. */
export const queryDue = (table: Table, kind: string, nowMs: number): AsyncGenerator<Item, void, undefined> =>
  queryAll(table, "what is due", {
    IndexName: INDEX.due,
    KeyConditionExpression: "duePk = :kind AND dueAtMs <= :now",
    ExpressionAttributeValues: { ":kind": { S: kind }, ":now": num(nowMs) },
  });

const takeDistinct = async (names: AsyncIterable<string>, limit: number): Promise<readonly string[]> => {
  const taken = new Set<string>();
  if (limit < 1) return [];
  for await (const name of names) {
    taken.add(name);
    if (taken.size >= limit) break;
  }
  return [...taken];
};

async function* namesOf(items: AsyncIterable<Item>): AsyncGenerator<string, void, undefined> {
  for await (const item of items) yield nameOf(item);
}

const byTime = (one: Item, other: Item): number =>
  numberOf(one, "dueAtMs") - numberOf(other, "dueAtMs") || (textOf(one, "sk") < textOf(other, "sk") ? -1 : 1);

/** What is due, for timers by the index, for one receiver by its own items, which are read consistently. */
export const createDue = (
  table: Table,
): Pick<StateStore, "dueReceivers" | "dueSubscriptions" | "dueChecks"> => ({
  dueReceivers: (nowMs, limit) => takeDistinct(namesOf(queryDue(table, DUE.deliveries, nowMs)), limit),
  dueChecks: (nowMs, limit) => takeDistinct(namesOf(queryDue(table, DUE.checks, nowMs)), limit),
  async dueSubscriptions(receiver, nowMs, limit) {
    const { pk } = keys.due(receiver, "");
    const due = await Array.fromAsync(
      queryAll(table, "what is due", {
        KeyConditionExpression: "pk = :pk",
        FilterExpression: "dueAtMs <= :now",
        ExpressionAttributeValues: { ":pk": pk, ":now": num(nowMs) },
        ConsistentRead: true,
      }),
    );
    return due
      .sort(byTime)
      .slice(0, limit)
      .map((item) => textOf(item, "sk"));
  },
});
