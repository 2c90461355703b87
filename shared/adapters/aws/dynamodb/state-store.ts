import { setTimeout as wait } from "node:timers/promises";
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../../ports.ts";
import {
  distinctRecords,
  dueAtMsOf,
  type StateChange,
  type StateStore,
  type SubscriptionState,
} from "../../../state.ts";
import { createDue } from "./due.ts";
import { createMarks } from "./marks.ts";
import { getAll } from "./query.ts";
import { createRecords, createSequence, toRecordUpdate } from "./records.ts";
import {
  answered,
  DUE,
  INDEX,
  type Item,
  keys,
  num,
  succeeded,
  type Table,
  textOf,
  unavailable,
} from "./table.ts";

const ROWS = "rows";
/** DynamoDB's own limit for one transaction. */
const MAX_ITEMS = 100;
const MAX_COLLISIONS = 4;
const COLLISION_WAIT_MS = 25;
/** Rows whose due receivers are remembered between load and commit. */
const MAX_REMEMBERED = 1_000;

export interface DynamoStateSettings extends Table {
  readonly clock: Clock;
  /** How long records are kept. */
  readonly retentionMs: number;
}

const emptyRow = (subscription: string): SubscriptionState => ({
  subscription,
  version: 0,
  selectorHash: "",
  outbox: {},
});

const parseRow = (item: Item): SubscriptionState => JSON.parse(textOf(item, "state")) as SubscriptionState;

const toRowItem = (next: SubscriptionState): Item => {
  const checkAtMs = next.selection?.checkAtMs;
  return {
    ...keys.row(next.subscription),
    version: num(next.version),
    state: { S: JSON.stringify(next) },
    logPk: { S: ROWS },
    logSk: { S: next.subscription },
    ...(checkAtMs === undefined ? {} : { duePk: { S: DUE.checks }, dueAtMs: num(checkAtMs) }),
  };
};

const dueOf = ({ outbox }: SubscriptionState): ReadonlyMap<string, number> => {
  const due = new Map<string, number>();
  for (const [receiver, entry] of Object.entries(outbox)) {
    const atMs = dueAtMsOf(entry);
    if (atMs !== undefined) due.set(receiver, atMs);
  }
  return due;
};

const toRowPut = (TableName: string, next: SubscriptionState, expectedVersion: number) => ({
  TableName,
  Item: toRowItem(next),
  ...(expectedVersion === 0
    ? { ConditionExpression: "attribute_not_exists(pk)" }
    : {
        ConditionExpression: "version = :expected",
        ExpressionAttributeValues: { ":expected": num(expectedVersion) },
      }),
});

/** What of the outbox became due, moved, or left. */
const toDueChanges = (
  TableName: string,
  { subscription }: SubscriptionState,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly TransactWriteItem[] => [
  ...[...after]
    .filter(([receiver, atMs]) => before.get(receiver) !== atMs)
    .map(([receiver, atMs]) => ({
      Put: {
        TableName,
        Item: { ...keys.due(receiver, subscription), duePk: { S: DUE.deliveries }, dueAtMs: num(atMs) },
      },
    })),
  ...[...before.keys()]
    .filter((receiver) => !after.has(receiver))
    .map((receiver) => ({ Delete: { TableName, Key: keys.due(receiver, subscription) } })),
];

/** Reasons that pass, and say nothing about the version: another transaction at work, or too much at once. */
const PASSING: ReadonlySet<string> = new Set([
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

type Outcome = "committed" | "conflict" | "collided";

const outcomeOf = (cause: unknown): Outcome => {
  if (!(cause instanceof TransactionCanceledException)) throw unavailable("a commit", cause);
  const codes = (cause.CancellationReasons ?? []).map(({ Code = "None" }) => Code);
  if (codes.includes("ConditionalCheckFailed")) return "conflict";
  if (codes.some((code) => PASSING.has(code))) return "collided";
  throw unavailable("a commit", cause);
};

/** Rows, records, leases and documents in one DynamoDB table. */
export const createDynamoStateStore = ({ clock, retentionMs, ...table }: DynamoStateSettings): StateStore => {
  const { client, name: TableName } = table;
  const nextSequence = createSequence(clock);
  const remembered = new Map<
    string,
    { readonly version: number; readonly due: ReadonlyMap<string, number> }
  >();

  const remember = (row: SubscriptionState): void => {
    remembered.delete(row.subscription);
    remembered.set(row.subscription, { version: row.version, due: dueOf(row) });
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  };

  const load = async (subscription: string): Promise<SubscriptionState> => {
    const { Item } = await answered(
      "a row",
      client.send(new GetItemCommand({ TableName, Key: keys.row(subscription), ConsistentRead: true })),
    );
    const row = Item === undefined ? emptyRow(subscription) : parseRow(Item);
    remember(row);
    return row;
  };

  /** What was due at the version to be replaced; `undefined`: it is replaced already. */
  const dueAt = async (subscription: string, version: number) => {
    const known = remembered.get(subscription);
    if (known?.version === version) return known.due;
    const row = await load(subscription);
    return row.version === version ? dueOf(row) : undefined;
  };

  const toRecordItems = (records: StateChange["records"]) =>
    distinctRecords(records).map((record) => toRecordUpdate(TableName, record, nextSequence(), retentionMs));

  const transact = async (TransactItems: TransactWriteItem[]): Promise<Outcome> => {
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems }));
      return "committed";
    } catch (cause) {
      return outcomeOf(cause);
    }
  };

  /** Two transactions that meet on an item may both be turned away; clients try again only what fails as a whole. */
  const transactUntilDecided = async (items: TransactWriteItem[]): Promise<"committed" | "conflict"> => {
    for (let collisions = 0; collisions < MAX_COLLISIONS; collisions++) {
      const outcome = await transact(items);
      if (outcome !== "collided") return outcome;
      await wait(COLLISION_WAIT_MS * 2 ** collisions * (0.5 + Math.random()));
    }
    return "conflict";
  };

  const commitRow = async (
    next: SubscriptionState,
    expectedVersion: number,
    records: StateChange["records"],
  ): Promise<"committed" | "conflict"> => {
    const before = await dueAt(next.subscription, expectedVersion);
    if (before === undefined) return "conflict";
    const put = toRowPut(TableName, next, expectedVersion);
    const others: TransactWriteItem[] = [
      ...toRecordItems(records).map((Update) => ({ Update })),
      ...toDueChanges(TableName, next, before, dueOf(next)),
    ];
    if (others.length >= MAX_ITEMS) throw unavailable("a commit", new Error("TooManyItems"));
    if (others.length > 0) return transactUntilDecided([{ Put: put }, ...others]);
    const isWritten = await succeeded("a row", client.send(new PutItemCommand(put)));
    return isWritten ? "committed" : "conflict";
  };

  return {
    load,
    async commit(_subscription, expectedVersion, { next, records }) {
      if (next === undefined) {
        const updates = toRecordItems(records).map((update) => client.send(new UpdateItemCommand(update)));
        await answered("records", Promise.all(updates));
        return "committed";
      }
      const outcome = await commitRow(next, expectedVersion, records);
      if (outcome === "committed") remember(next);
      else remembered.delete(next.subscription);
      return outcome;
    },
    async list(limit, cursor) {
      const page = await answered(
        "rows",
        client.send(
          new QueryCommand({
            TableName,
            IndexName: INDEX.log,
            KeyConditionExpression: "logPk = :rows AND logSk > :after",
            ExpressionAttributeValues: { ":rows": { S: ROWS }, ":after": { S: cursor ?? "\0" } },
            Limit: limit,
          }),
        ),
      );
      const last = page.Items?.at(-1);
      const rows = (await getAll(table, "rows", page.Items ?? [])).map(parseRow);
      return page.LastEvaluatedKey === undefined || last === undefined
        ? { rows }
        : { rows, cursor: textOf(last, "logSk") };
    },
    ...createDue(table),
    ...createMarks(table, clock),
    ...createRecords(table, clock, retentionMs),
  };
};
