import { formatRepository } from "../../../artifact/repository.ts";
import type { RecordQuery, StateRecord, StoredRecord } from "../../../state.ts";
import { mapSome, removeAll } from "./batches.ts";
import { fromJsonColumns, toJsonColumns } from "./columns.ts";
import {
  LOG,
  RECORDS,
  toLogBound,
  toLogKey,
  toRecordRowKey,
  toSortable,
  toSubscriptionPartition,
} from "./keys.ts";
import { type Action, type Entity, type Table, where } from "./table.ts";

export type SequencedRecord = StateRecord & { readonly sequence: number };

/** What records are found by. */
const toFilterColumns = (record: SequencedRecord): Readonly<Record<string, string>> => ({
  sequence: toSortable(record.sequence),
  at: toSortable(record.atMs),
  subscription: record.subscription,
  decision: record.decisionId,
  ...(record.kind === "decision"
    ? { repository: formatRepository(record.repository), outcome: record.outcome }
    : {}),
  ...(record.kind === "attempt" ? { receiver: record.receiver } : {}),
});

/** The record itself, beside its row; once for each id. */
export const toRecordAction = (record: SequencedRecord): Action => ({
  kind: "insert",
  key: { partitionKey: toSubscriptionPartition(record.subscription), rowKey: toRecordRowKey(record.id) },
  columns: { ...toFilterColumns(record), ...toJsonColumns(record, `record ${record.id}`) },
});

/** Where the log finds it; written first, like the indexes of what is due. */
export const toLogAction = (record: SequencedRecord): Action => ({
  kind: "put",
  key: toLogKey(record.sequence, record.subscription),
  columns: toFilterColumns(record),
});

const toFilters = ({ decisionId, repository, outcome, receiver, afterSequence }: RecordQuery): string => {
  const filters: string[] = [];
  if (decisionId !== undefined) filters.push(where`decision eq ${decisionId}`);
  if (repository !== undefined) filters.push(where`repository eq ${repository}`);
  if (outcome !== undefined) filters.push(where`outcome eq ${outcome}`);
  if (receiver !== undefined) filters.push(where`receiver eq ${receiver}`);
  if (afterSequence !== undefined) filters.push(where`sequence gt ${toSortable(afterSequence)}`);
  return filters.map((filter) => ` and ${filter}`).join("");
};

const recordsOf = (subscription: string): string =>
  where`PartitionKey eq ${toSubscriptionPartition(subscription)} and RowKey ge ${RECORDS.from} and RowKey lt ${RECORDS.to}`;

const readRecords = async (table: Table, filter: string): Promise<readonly StoredRecord[]> => {
  const records: StoredRecord[] = [];
  for await (const { columns } of table.query(filter)) records.push(fromJsonColumns(columns) as StoredRecord);
  return records;
};

const bySequence = (a: StoredRecord, b: StoredRecord): number => a.sequence - b.sequence;

interface Pointer {
  readonly subscription: string;
  readonly sequence: number;
}

const toPointer = ({ columns }: Entity): Pointer => ({
  subscription: columns.subscription ?? "",
  sequence: Number(columns.sequence),
});

/** The records that these point to; a pointer whose commit never came points to nothing. */
const resolve = async (table: Table, pointers: readonly Pointer[]): Promise<readonly StoredRecord[]> => {
  const bySubscription = Map.groupBy(pointers, ({ subscription }) => subscription);
  const found = await mapSome([...bySubscription], ([subscription, mine]) => {
    const sequences = mine.map(({ sequence }) => sequence);
    const [from, to] = [toSortable(Math.min(...sequences)), toSortable(Math.max(...sequences))];
    const range = where`sequence ge ${from} and sequence le ${to}`;
    return readRecords(table, `${recordsOf(subscription)} and ${range}`);
  });
  const records = new Map(
    found.flat().map((record) => [`${record.sequence}/${record.subscription}`, record]),
  );
  return pointers.flatMap(({ sequence, subscription }) => records.get(`${sequence}/${subscription}`) ?? []);
};

const PIECE = 500;

const readLog = async (table: Table, query: RecordQuery): Promise<readonly StoredRecord[]> => {
  const { partitionKey } = toLogBound(query.afterSequence ?? 0);
  const range = where`PartitionKey ge ${LOG.from} and PartitionKey le ${partitionKey}`;
  const newestFirst = query.newestFirst === true;
  const records: StoredRecord[] = [];
  const pointers: Pointer[] = [];
  const take = async (): Promise<void> => {
    const next = newestFirst ? pointers.splice(0, PIECE) : pointers.splice(-PIECE).reverse();
    records.push(...(await resolve(table, next)));
  };
  for await (const entity of table.query(`${range}${toFilters(query)}`)) {
    pointers.push(toPointer(entity));
    // The log is read newest first: who wants the oldest first must see all of it.
    if (newestFirst && pointers.length >= Math.min(PIECE, query.limit)) await take();
    if (records.length >= query.limit) break;
  }
  while (records.length < query.limit && pointers.length > 0) await take();
  return records.slice(0, query.limit);
};

/** Records of one subscription from its partition, others by way of the log. */
export const queryRecords = async (table: Table, query: RecordQuery): Promise<readonly StoredRecord[]> => {
  if (query.subscription === undefined) return readLog(table, query);
  const records = await readRecords(table, `${recordsOf(query.subscription)}${toFilters(query)}`);
  const sorted = records.toSorted(bySequence);
  return (query.newestFirst === true ? sorted.reverse() : sorted).slice(0, query.limit);
};

/** Removes records older than `beforeMs` and then what points to them; returns how many records. */
export const pruneRecords = async (table: Table, beforeMs: number): Promise<number> => {
  const range = where`PartitionKey ge ${LOG.from} and PartitionKey lt ${LOG.to}`;
  const old = where`at lt ${toSortable(beforeMs)}`;
  const pointers: Entity[] = [];
  for await (const entity of table.query(`${range} and ${old}`)) pointers.push(entity);
  const subscriptions = [...new Set(pointers.map((entity) => toPointer(entity).subscription))];
  let removed = 0;
  for (const subscription of subscriptions) {
    const records: Entity[] = [];
    for await (const entity of table.query(`${recordsOf(subscription)} and ${old}`)) records.push(entity);
    await removeAll(table, records);
    removed += records.length;
  }
  await removeAll(table, pointers);
  return removed;
};
