import { odata, type TableClient, type TransactionAction } from "@azure/data-tables";
import { callDeadline, serviceCodeOf, toUnavailable } from "../rest-error.ts";

/** What we keep in a table: text alone, so that no number changes its type on the way. */
export type Columns = Readonly<Record<string, string>>;

export interface Key {
  readonly partitionKey: string;
  readonly rowKey: string;
}

export type Entity = Key & { readonly etag: string; readonly columns: Columns };

/** Of one partition, all or nothing. */
export type Action =
  | { readonly kind: "insert"; readonly key: Key; readonly columns: Columns }
  | { readonly kind: "put"; readonly key: Key; readonly columns: Columns }
  | { readonly kind: "replace"; readonly key: Key; readonly columns: Columns; readonly etag: string }
  | { readonly kind: "delete"; readonly key: Key };

/** The service's limit on one entity group transaction. */
export const MAX_ACTIONS = 100;

export interface Table {
  get(key: Key): Promise<Entity | undefined>;
  /** False: the precondition of one action did not hold; nothing was written. */
  write(actions: readonly Action[]): Promise<boolean>;
  /** False: it changed meanwhile, or is gone. */
  remove(key: Key, etag: string): Promise<boolean>;
  /** In order of keys. */
  query(filter: string): AsyncIterable<Entity>;
}

/** A filter's text; values are quoted by the client. */
export const where = odata;

const NOT_FOUND = "ResourceNotFound";
const PRECONDITIONS = new Set(["EntityAlreadyExists", "UpdateConditionNotSatisfied", NOT_FOUND]);

const toEntity = (found: Readonly<Record<string, unknown>>): Entity => {
  const columns: Record<string, string> = {};
  let partitionKey = "";
  let rowKey = "";
  let etag = "";
  for (const [name, value] of Object.entries(found)) {
    if (typeof value !== "string") continue;
    if (name === "partitionKey") partitionKey = value;
    else if (name === "rowKey") rowKey = value;
    else if (name === "etag") etag = value;
    else if (name !== "timestamp" && !name.startsWith("odata.")) columns[name] = value;
  }
  return { partitionKey, rowKey, etag, columns };
};

const toTransaction = (action: Action): TransactionAction => {
  const { kind, key } = action;
  switch (kind) {
    case "insert":
      return ["create", { ...key, ...action.columns }];
    case "put":
      return ["upsert", { ...key, ...action.columns }, "Replace"];
    case "replace":
      return ["update", { ...key, ...action.columns }, "Replace", { etag: action.etag }];
    case "delete":
      return ["delete", { ...key }];
  }
};

/** A listing takes as many pages as it needs, within this time. */
const LISTING_TIMEOUT_MS = 120_000;

/** By code, not by status: a table that is not there answers 404 as well, and that is no empty row. */
const isPreconditionFailure = (error: unknown): boolean => PRECONDITIONS.has(serviceCodeOf(error));

const unavailable = (client: TableClient, error: unknown) =>
  toUnavailable(`table ${client.tableName}`, "STATE_UNAVAILABLE", error);

/** Table Storage with our errors: a precondition that does not hold is a value, no answer is `STATE_UNAVAILABLE`. */
export const createTable = (client: TableClient): Table => ({
  async get({ partitionKey, rowKey }) {
    try {
      return toEntity(await client.getEntity(partitionKey, rowKey, { abortSignal: callDeadline() }));
    } catch (error) {
      if (serviceCodeOf(error) === NOT_FOUND) return undefined;
      throw unavailable(client, error);
    }
  },
  async write(actions) {
    try {
      await client.submitTransaction(actions.map(toTransaction), { abortSignal: callDeadline() });
      return true;
    } catch (error) {
      if (isPreconditionFailure(error)) return false;
      throw unavailable(client, error);
    }
  },
  async remove({ partitionKey, rowKey }, etag) {
    try {
      await client.deleteEntity(partitionKey, rowKey, { etag, abortSignal: callDeadline() });
      return true;
    } catch (error) {
      if (isPreconditionFailure(error)) return false;
      throw unavailable(client, error);
    }
  },
  async *query(filter) {
    try {
      const abortSignal = AbortSignal.timeout(LISTING_TIMEOUT_MS);
      for await (const found of client.listEntities({ queryOptions: { filter }, abortSignal })) {
        yield toEntity(found);
      }
    } catch (error) {
      throw unavailable(client, error);
    }
  },
});
