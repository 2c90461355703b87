import { dueAtMsOf, type SubscriptionState } from "../../../state.ts";
import { mapSome, removeAll } from "./batches.ts";
import { CHECKS, DUE, toDueBound, toDuePartition, toDueRowKey } from "./keys.ts";
import type { Rows } from "./rows.ts";
import { type Action, type Entity, type Table, where } from "./table.ts";

/**
 * What the indexes must say about a row, written before the row itself: a crash in between leaves an entry that the
 * row does not confirm, never a row that nothing points to.
 */
export const toDueActions = ({ subscription, version, selection, outbox }: SubscriptionState): Action[] => {
  const put = (partitionKey: string, dueAtMs: number, receiver: string): Action => ({
    kind: "put",
    key: { partitionKey, rowKey: toDueRowKey(dueAtMs, subscription, version) },
    columns: { subscription, receiver, version: String(version), due: String(dueAtMs) },
  });
  const actions = Object.entries(outbox).flatMap(([receiver, entry]) => {
    const dueAtMs = dueAtMsOf(entry);
    return dueAtMs === undefined ? [] : [put(toDuePartition(receiver), dueAtMs, receiver)];
  });
  if (selection?.checkAtMs !== undefined) actions.push(put(CHECKS, selection.checkAtMs, ""));
  return actions;
};

interface DueIndexEntry {
  readonly entity: Entity;
  readonly subscription: string;
  readonly receiver: string;
  readonly version: number;
  readonly dueAtMs: number;
}

const toEntry = (entity: Entity): DueIndexEntry => {
  const { subscription = "", receiver = "", version, due } = entity.columns;
  return { entity, subscription, receiver, version: Number(version), dueAtMs: Number(due) };
};

const dueInRow = (row: SubscriptionState, { receiver }: DueIndexEntry): number | undefined => {
  if (receiver === "") return row.selection?.checkAtMs;
  const entry = row.outbox[receiver];
  return entry === undefined ? undefined : dueAtMsOf(entry);
};

const PIECE = 64;

/** Entries whose row confirms them, oldest first where the partition is one. What no row will confirm any more is removed. */
async function* confirmed(table: Table, rows: Rows, filter: string): AsyncGenerator<DueIndexEntry> {
  let piece: DueIndexEntry[] = [];
  const confirm = async (): Promise<readonly DueIndexEntry[]> => {
    const entries = piece;
    piece = [];
    const subscriptions = [...new Set(entries.map(({ subscription }) => subscription))];
    const loaded = await mapSome(
      subscriptions,
      async (subscription) => (await rows.load(subscription)).state,
    );
    const bySubscription = new Map(loaded.map((state) => [state.subscription, state]));
    const isConfirmed = (entry: DueIndexEntry): boolean => {
      const row = bySubscription.get(entry.subscription);
      return row?.version === entry.version && dueInRow(row, entry) === entry.dueAtMs;
    };
    // The entry of a later version belongs to a commit that is under way.
    const isOver = (entry: DueIndexEntry): boolean =>
      !isConfirmed(entry) && entry.version <= (bySubscription.get(entry.subscription)?.version ?? 0);
    await removeAll(
      table,
      entries.filter(isOver).map(({ entity }) => entity),
    );
    return entries.filter(isConfirmed);
  };
  for await (const entity of table.query(filter)) {
    piece.push(toEntry(entity));
    if (piece.length >= PIECE) yield* await confirm();
  }
  yield* await confirm();
}

/** Subscriptions whose entry in one partition of the index is due, oldest first. */
const dueIn = async (
  table: Table,
  rows: Rows,
  partition: string,
  nowMs: number,
  limit: number,
): Promise<readonly string[]> => {
  const found = new Set<string>();
  const filter = where`PartitionKey eq ${partition} and RowKey lt ${toDueBound(nowMs)}`;
  for await (const { subscription } of confirmed(table, rows, filter)) {
    found.add(subscription);
    if (found.size >= limit) break;
  }
  return [...found];
};

export const findDueSubscriptions = (
  table: Table,
  rows: Rows,
  receiver: string,
  nowMs: number,
  limit: number,
): Promise<readonly string[]> => dueIn(table, rows, toDuePartition(receiver), nowMs, limit);

export const findDueChecks = (
  table: Table,
  rows: Rows,
  nowMs: number,
  limit: number,
): Promise<readonly string[]> => dueIn(table, rows, CHECKS, nowMs, limit);

/** Receivers with something due, the longest overdue first. */
export const findDueReceivers = async (
  table: Table,
  rows: Rows,
  nowMs: number,
  limit: number,
): Promise<readonly string[]> => {
  const earliest = new Map<string, number>();
  const filter = where`PartitionKey ge ${DUE.from} and PartitionKey lt ${DUE.to} and RowKey lt ${toDueBound(nowMs)}`;
  for await (const { receiver, dueAtMs } of confirmed(table, rows, filter)) {
    earliest.set(receiver, Math.min(earliest.get(receiver) ?? dueAtMs, dueAtMs));
  }
  const sorted = [...earliest].sort(([, a], [, b]) => a - b);
  return sorted.slice(0, limit).map(([receiver]) => receiver);
};
