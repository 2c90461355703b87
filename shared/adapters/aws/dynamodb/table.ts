import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type CreateTableCommandInput,
  type DynamoDBClient,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { PipelineError } from "../../../errors.ts";

export type Item = Readonly<Record<string, AttributeValue>>;

/** One table for everything; see `keys` for what lies in it. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly name: string;
}

/** Both sparse: only items that carry an index's keys are in it. */
export const INDEX = {
  /** What is to be looked at by a time: `duePk` names the kind, `dueAtMs` the time. */
  due: "due",
  /** Records by month, and all rows: `logPk` names the list, `logSk` the place in it. */
  log: "log",
} as const;

/** The attribute that DynamoDB's TTL looks at, in seconds. It deletes late: readers check times themselves. */
export const TTL_ATTRIBUTE = "expiresAt";

/** How the table must be made. The log's entries never change, so that rewriting a row writes no index. */
export const TABLE_DEFINITION = {
  BillingMode: "PAY_PER_REQUEST",
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
    { AttributeName: "duePk", AttributeType: "S" },
    { AttributeName: "dueAtMs", AttributeType: "N" },
    { AttributeName: "logPk", AttributeType: "S" },
    { AttributeName: "logSk", AttributeType: "S" },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: INDEX.due,
      KeySchema: [
        { AttributeName: "duePk", KeyType: "HASH" },
        { AttributeName: "dueAtMs", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
    {
      IndexName: INDEX.log,
      KeySchema: [
        { AttributeName: "logPk", KeyType: "HASH" },
        { AttributeName: "logSk", KeyType: "RANGE" },
      ],
      Projection: {
        ProjectionType: "INCLUDE",
        NonKeyAttributes: ["atMs", "subscription", "decision", "repository", "outcome", "receiver"],
      },
    },
  ],
} as const satisfies Omit<CreateTableCommandInput, "TableName">;

const single =
  (kind: string) =>
  (name: string): { pk: AttributeValue; sk: AttributeValue } => ({
    pk: { S: `${kind}#${name}` },
    sk: { S: kind },
  });

/** Everything that lies in the table, by its key. */
export const keys = {
  row: single("row"),
  claim: single("claim"),
  done: single("done"),
  document: single("doc"),
  delayed: single("later"),
  record: (decision: string, id: string) => ({ pk: { S: `decision#${decision}` }, sk: { S: id } }),
  /** An entry of a row's outbox that is due. */
  due: (receiver: string, subscription: string) => ({
    pk: { S: `due#${receiver}` },
    sk: { S: subscription },
  }),
} as const;

/** The kinds of the `due` index. */
export const DUE = { checks: "checks", deliveries: "deliveries", work: "work" } as const;

export const num = (value: number): AttributeValue => ({ N: String(value) });

export const textOf = (item: Item, attribute: string): string => item[attribute]?.S ?? "";

export const numberOf = (item: Item, attribute: string): number => Number(item[attribute]?.N ?? Number.NaN);

/** What follows `<kind>#` in a key. */
export const nameOf = (item: Item, attribute: "pk" | "sk" = "pk"): string => {
  const text = textOf(item, attribute);
  return text.slice(text.indexOf("#") + 1);
};

export const toTtl = (expiresAtMs: number): AttributeValue => num(Math.ceil(expiresAtMs / 1_000));

const MAX_REASON_LENGTH = 300;

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "unknown error";
  if (cause instanceof TransactionCanceledException) {
    const reasons = (cause.CancellationReasons ?? []).filter(({ Code = "None" }) => Code !== "None");
    return reasons.map(({ Code, Message = "" }) => `${Code} ${Message}`.trim()).join(", ") || cause.name;
  }
  // What is wrong with a request is said by its message alone, which names attributes and sizes.
  return cause.name === "ValidationException" ? `${cause.name} ${cause.message}` : cause.name;
};

/** `STATE_UNAVAILABLE`, with what DynamoDB said; a person finds it as the reason of a dead letter. */
export const unavailable = (what: string, cause: unknown): PipelineError => {
  const reason = reasonOf(cause).slice(0, MAX_REASON_LENGTH);
  return new PipelineError(`DynamoDB, ${what}: ${reason}`, { code: "STATE_UNAVAILABLE", cause });
};

/** Runs one request; what keeps it from being answered becomes `STATE_UNAVAILABLE`. */
export const answered = async <T>(what: string, request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (cause) {
    throw unavailable(what, cause);
  }
};

/** Runs one conditional write: false when its condition did not hold. */
export const succeeded = async (what: string, write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (cause) {
    if (cause instanceof ConditionalCheckFailedException) return false;
    throw unavailable(what, cause);
  }
};
