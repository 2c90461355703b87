import { PipelineError } from "../../../errors.ts";
import { at, type GoogleAnswer, type GoogleApi, parseJson, textAt } from "../google-api.ts";
import type { Fields, Value } from "./values.ts";

export interface StoredFields {
  /** The last part of the document's name. */
  readonly id: string;
  readonly fields: Fields;
  readonly updateTime: string;
}

export type Precondition = { readonly exists: boolean } | { readonly updateTime: string };

export type Write =
  | {
      readonly set: { readonly collection: string; readonly id: string; readonly fields: Fields };
      readonly only?: Precondition;
      /** Gets the server's time of the write. */
      readonly stampField?: string;
    }
  | { readonly remove: { readonly collection: string; readonly id: string }; readonly only?: Precondition };

export interface Filter {
  readonly field: string;
  readonly op: "EQUAL" | "LESS_THAN" | "LESS_THAN_OR_EQUAL";
  readonly value: Value;
}

export interface Order {
  readonly field: string;
  readonly descending?: boolean;
}

export interface Query {
  readonly collection: string;
  readonly where?: readonly Filter[];
  readonly orderBy: readonly Order[];
  /** Only what comes after these values of `orderBy`. */
  readonly after?: readonly Value[];
  /** Only what comes before these values of `orderBy`. */
  readonly before?: readonly Value[];
  /** Absent: all fields. Empty: only the documents' names. */
  readonly select?: readonly string[];
  readonly limit: number;
}

/** `exists`: a document was to be new and is there. `stale`: one was to be as it was and is not. Nothing was written. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly updateTimes: readonly (string | undefined)[] }
  | { readonly kind: "exists" | "stale" };

/** A Firestore database in Native mode. Throws `STATE_UNAVAILABLE`. */
export interface FirestoreDatabase {
  get(collection: string, ids: readonly string[]): Promise<ReadonlyMap<string, StoredFields>>;
  /** All or nothing. */
  commit(writes: readonly Write[]): Promise<CommitOutcome>;
  query(query: Query): Promise<readonly StoredFields[]>;
  /** A value for `after` and `before` where documents are ordered by `__name__`. */
  reference(collection: string, id: string): Value;
}

export interface FirestoreOptions {
  readonly api: GoogleApi;
  readonly project: string;
  /** Default: `(default)`. */
  readonly database?: string;
  /** Default: Google's own. */
  readonly baseUrl?: string;
}

const unavailable = (what: string, answer?: Extract<GoogleAnswer, { ok: false }>): PipelineError => {
  const { cause, retryAfterMs, message, status } = answer ?? {};
  return new PipelineError(
    answer === undefined ? `Firestore: ${what}` : `Firestore: ${what}: ${message} (${status})`,
    {
      code: "STATE_UNAVAILABLE",
      ...(cause === undefined ? {} : { cause }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
};

const toStored = (document: unknown): StoredFields => {
  const name = textAt(document, "name");
  const updateTime = textAt(document, "updateTime");
  if (name === undefined || updateTime === undefined) throw unavailable("an answer is not as documented");
  // Each reader of a field checks its type; fields that nobody reads may be anything.
  const fields = (at(document, "fields") ?? {}) as Fields;
  return { id: name.slice(name.lastIndexOf("/") + 1), fields, updateTime };
};

/** A database where nothing is, or no right to it, must not look like somebody else's write. */
const isStale = ({ status, message }: Extract<GoogleAnswer, { ok: false }>): boolean =>
  status === "FAILED_PRECONDITION" || (status === "NOT_FOUND" && message.includes("No document to update"));

export const createFirestoreDatabase = ({
  api,
  project,
  database = "(default)",
  baseUrl = "https://firestore.googleapis.com",
}: FirestoreOptions): FirestoreDatabase => {
  const root = `projects/${project}/databases/${database}/documents`;
  const nameOf = (collection: string, id: string): string => `${root}/${collection}/${id}`;
  const post = (method: string, body: unknown): Promise<GoogleAnswer> =>
    api({ method: "POST", url: `${baseUrl}/v1/${root}:${method}`, body });

  const readList = async (method: string, body: unknown): Promise<readonly unknown[]> => {
    const answer = await post(method, body);
    if (!answer.ok) throw unavailable(method, answer);
    const list = parseJson(answer.bytes);
    if (!Array.isArray(list)) throw unavailable(`${method}: the answer is not as documented`);
    return list;
  };

  const toWrite = (write: Write): unknown => {
    const only = write.only === undefined ? {} : { currentDocument: write.only };
    if ("remove" in write) return { delete: nameOf(write.remove.collection, write.remove.id), ...only };
    const { collection, id, fields } = write.set;
    const stamp = write.stampField;
    return {
      update: { name: nameOf(collection, id), fields },
      ...(stamp === undefined
        ? {}
        : { updateTransforms: [{ fieldPath: stamp, setToServerValue: "REQUEST_TIME" }] }),
      ...only,
    };
  };

  const toFilter = ({ field, op, value }: Filter): unknown => ({
    fieldFilter: { field: { fieldPath: field }, op, value },
  });

  return {
    async get(collection, ids) {
      if (ids.length === 0) return new Map();
      const names = ids.map((id) => nameOf(collection, id));
      const list = await readList("batchGet", { documents: names });
      const found = list.map((entry) => at(entry, "found")).filter((entry) => entry !== undefined);
      return new Map(found.map((entry) => toStored(entry)).map((stored) => [stored.id, stored]));
    },
    async commit(writes) {
      const answer = await post("commit", { writes: writes.map(toWrite) });
      if (answer.ok) {
        const results = at(parseJson(answer.bytes), "writeResults");
        const list: readonly unknown[] = Array.isArray(results) ? results : [];
        return { kind: "committed", updateTimes: list.map((result) => textAt(result, "updateTime")) };
      }
      if (answer.status === "ALREADY_EXISTS") return { kind: "exists" };
      if (isStale(answer)) return { kind: "stale" };
      throw unavailable("commit", answer);
    },
    async query({ collection, where = [], orderBy, after, before, select, limit }) {
      const fields = select?.length === 0 ? ["__name__"] : select;
      const list = await readList("runQuery", {
        structuredQuery: {
          from: [{ collectionId: collection }],
          ...(where.length === 0
            ? {}
            : { where: { compositeFilter: { op: "AND", filters: where.map(toFilter) } } }),
          orderBy: orderBy.map(({ field, descending }) => ({
            field: { fieldPath: field },
            direction: descending === true ? "DESCENDING" : "ASCENDING",
          })),
          ...(after === undefined ? {} : { startAt: { values: after, before: false } }),
          ...(before === undefined ? {} : { endAt: { values: before, before: true } }),
          ...(fields === undefined ? {} : { select: { fields: fields.map((fieldPath) => ({ fieldPath })) } }),
          limit,
        },
      });
      const documents = list.map((entry) => at(entry, "document"));
      return documents.filter((document) => document !== undefined).map(toStored);
    },
    // Not in `Value`: Sluice stores no references.
    reference: (collection, id) => ({ referenceValue: nameOf(collection, id) }) as unknown as Value,
  };
};
