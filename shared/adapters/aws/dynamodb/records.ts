import { DeleteItemCommand, type UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { formatRepository } from "../../../artifact/repository.ts";
import type { Clock } from "../../../ports.ts";
import type { RecordQuery, StateRecord, StateStore, StoredRecord } from "../../../state.ts";
import { getAll, queryAll } from "./query.ts";
import {
  answered,
  INDEX,
  type Item,
  keys,
  nameOf,
  num,
  type Table,
  TTL_ATTRIBUTE,
  textOf,
  toTtl,
} from "./table.ts";

/** One partition of the log. */
const PERIOD_MS = 30 * 24 * 3_600_000;
/** Records of one millisecond and one writer keep their order. */
const PER_MS = 2_048;
const SEQUENCE_DIGITS = 16;

const toPeriod = (atMs: number): number => Math.floor(atMs / PERIOD_MS);
const toSortKey = (sequence: number): string => String(sequence).padStart(SEQUENCE_DIGITS, "0");

/**
 * Places in the log: by the writers' clocks, since no counter is shared without every write waiting for it. So two
 * writers' records of one moment may stand in either order.
 */
export const createSequence = (clock: Clock): (() => number) => {
  let last = 0;
  return () => {
    last = Math.max(clock.nowMs() * PER_MS, last + 1);
    return last;
  };
};

/** Appends a record; one whose id is there already stays as it was. */
export const toRecordUpdate = (
  TableName: string,
  record: StateRecord,
  sequence: number,
  retentionMs: number,
): UpdateItemCommandInput & { readonly UpdateExpression: string } => {
  const attributes: Item = {
    record: { S: JSON.stringify(record) },
    logPk: { S: `log#${toPeriod(sequence / PER_MS)}` },
    logSk: { S: toSortKey(sequence) },
    atMs: num(record.atMs),
    subscription: { S: record.subscription },
    decision: { S: record.decisionId },
    [TTL_ATTRIBUTE]: toTtl(record.atMs + retentionMs),
    ...(record.kind === "decision"
      ? { repository: { S: formatRepository(record.repository) }, outcome: { S: record.outcome } }
      : {}),
    ...(record.kind === "attempt" ? { receiver: { S: record.receiver } } : {}),
  };
  const entries = Object.entries(attributes);
  return {
    TableName,
    Key: keys.record(record.decisionId, record.id),
    UpdateExpression: `SET ${entries.map((_, at) => `#a${at} = if_not_exists(#a${at}, :v${at})`).join(", ")}`,
    ExpressionAttributeNames: Object.fromEntries(entries.map(([name], at) => [`#a${at}`, name])),
    ExpressionAttributeValues: Object.fromEntries(entries.map(([, value], at) => [`:v${at}`, value])),
  };
};

const FILTERED = ["subscription", "repository", "outcome", "receiver"] as const;

const toStored = (item: Item): StoredRecord => ({
  ...(JSON.parse(textOf(item, "record")) as StateRecord),
  sequence: Number(textOf(item, "logSk")),
});

const matches = (query: RecordQuery, item: Item): boolean =>
  Number(textOf(item, "logSk")) > (query.afterSequence ?? 0) &&
  FILTERED.every((name) => query[name] === undefined || textOf(item, name) === query[name]);

/** All of one decision: few, and read consistently. */
const queryDecision = async (table: Table, decision: string, query: RecordQuery): Promise<StoredRecord[]> => {
  const { pk } = keys.record(decision, "");
  const found = await Array.fromAsync(
    queryAll(table, "a decision", {
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": pk },
      ConsistentRead: true,
    }),
  );
  const sign = query.newestFirst === true ? -1 : 1;
  return found
    .filter((item) => matches(query, item))
    .map(toStored)
    .sort((one, other) => sign * (one.sequence - other.sequence))
    .slice(0, query.limit);
};

const periodsOf = (query: RecordQuery, nowMs: number, retentionMs: number): readonly number[] => {
  const first = toPeriod(Math.max((query.afterSequence ?? 0) / PER_MS, nowMs - retentionMs - PERIOD_MS));
  // Another writer's clock may be ahead of ours.
  const last = toPeriod(nowMs) + 1;
  const periods = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  return query.newestFirst === true ? periods.reverse() : periods;
};

async function* queryLog(
  table: Table,
  query: RecordQuery,
  periods: readonly number[],
  extra: { readonly filter: string; readonly values: Item } | undefined,
): AsyncGenerator<Item, void, undefined> {
  const wanted = FILTERED.filter((name) => query[name] !== undefined);
  const filters = [
    ...wanted.map((name) => `#${name} = :${name}`),
    ...(extra === undefined ? [] : [extra.filter]),
  ];
  for (const period of periods) {
    yield* queryAll(table, "the log", {
      IndexName: INDEX.log,
      KeyConditionExpression: "logPk = :period AND logSk > :after",
      ScanIndexForward: query.newestFirst !== true,
      ExpressionAttributeValues: {
        ":period": { S: `log#${period}` },
        ":after": { S: toSortKey(query.afterSequence ?? 0) },
        ...Object.fromEntries(wanted.map((name) => [`:${name}`, { S: query[name] ?? "" }])),
        ...extra?.values,
      },
      ...(wanted.length > 0
        ? { ExpressionAttributeNames: Object.fromEntries(wanted.map((name) => [`#${name}`, name])) }
        : {}),
      ...(filters.length > 0 ? { FilterExpression: filters.join(" AND ") } : {}),
    });
  }
}

const take = async (items: AsyncIterable<Item>, limit: number): Promise<readonly Item[]> => {
  const taken: Item[] = [];
  if (limit < 1) return taken;
  for await (const item of items) {
    taken.push(item);
    if (taken.length >= limit) break;
  }
  return taken;
};

/** The log of decisions and attempts: one partition a month, so that none grows without end. */
export const createRecords = (
  table: Table,
  clock: Clock,
  retentionMs: number,
): Pick<StateStore, "records" | "prune"> => ({
  async records(query) {
    if (query.decisionId !== undefined) return queryDecision(table, query.decisionId, query);
    const periods = periodsOf(query, clock.nowMs(), retentionMs);
    const found = await take(queryLog(table, query, periods, undefined), query.limit);
    return (await getAll(table, "records", found)).map(toStored);
  },
  // The table's TTL does this by itself; here for who cannot wait for it.
  async prune(beforeMs) {
    const query = { limit: Number.POSITIVE_INFINITY };
    const periods = periodsOf(query, clock.nowMs(), retentionMs);
    const old = { filter: "atMs < :before", values: { ":before": num(beforeMs) } };
    let removed = 0;
    for await (const item of queryLog(table, query, periods, old)) {
      const Key = keys.record(nameOf(item), textOf(item, "sk"));
      await answered(
        "an old record",
        table.client.send(new DeleteItemCommand({ TableName: table.name, Key })),
      );
      removed += 1;
    }
    return removed;
  },
});
