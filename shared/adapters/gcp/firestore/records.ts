import { formatRepository } from "../../../artifact/repository.ts";
import type { RecordQuery, StateRecord, StoredRecord } from "../../../state.ts";
import type { Filter, FirestoreDatabase, Query, StoredFields, Write } from "./database.ts";
import { toDocumentId } from "./key.ts";
import { instant, instantMsOf, integer, integerOf, optional, text, textOf, type Value } from "./values.ts";

export const RECORDS = "records";

/** Records of one millisecond of the server are told apart by this many places. */
const PLACES = 4_096;

/** Rises with each record of this process; where it starts is chance, so that two processes rarely share a place. */
const createPlaces = (): (() => number) => {
  let next = Math.floor(Math.random() * PLACES);
  return () => {
    const place = next;
    next = (next + 1) % PLACES;
    return place;
  };
};

/**
 * The log's order is the server's time of the commit, which no instance's clock can bend, then the place. Both make
 * one number, the record's `sequence`.
 */
const toSequence = (atMs: number, place: number): number => atMs * PLACES + place;
const fromSequence = (sequence: number): readonly Value[] => {
  const whole = Math.max(0, Math.trunc(sequence));
  return [instant(Math.floor(whole / PLACES)), integer(whole % PLACES)];
};

const toStoredRecord = ({ fields }: StoredFields): StoredRecord => ({
  ...(JSON.parse(textOf(fields, "record") ?? "{}") as StateRecord),
  sequence: toSequence(instantMsOf(fields, "storedAt") ?? 0, integerOf(fields, "place") ?? 0),
});

const toFilters = (query: RecordQuery): readonly Filter[] => {
  const { subscription, decisionId: decision, repository, outcome, receiver } = query;
  return Object.entries({ subscription, decision, repository, outcome, receiver }).flatMap(
    ([field, value]) => (value === undefined ? [] : [{ field, op: "EQUAL", value: text(value) } as const]),
  );
};

/** The append-only log: the writes of records, and queries over it. */
export interface RecordLog {
  toWrites(records: readonly StateRecord[]): readonly Write[];
  /** Those whose id is not there yet. */
  missing(records: readonly StateRecord[]): Promise<readonly StateRecord[]>;
  find(query: RecordQuery): Promise<readonly StoredRecord[]>;
}

export const createRecordLog = (database: FirestoreDatabase): RecordLog => {
  const nextPlace = createPlaces();
  return {
    toWrites: (records) =>
      records.map((record): Write => {
        const decision = record.kind === "decision" ? record : undefined;
        const repository = decision && text(formatRepository(decision.repository));
        return {
          set: {
            collection: RECORDS,
            id: toDocumentId(record.id),
            fields: {
              subscription: text(record.subscription),
              decision: text(record.decisionId),
              ...optional("repository", repository),
              ...optional("outcome", decision && text(decision.outcome)),
              ...optional("receiver", record.kind === "attempt" ? text(record.receiver) : undefined),
              atMs: integer(record.atMs),
              place: integer(nextPlace()),
              record: text(JSON.stringify(record)),
            },
          },
          only: { exists: false },
          stampField: "storedAt",
        };
      }),
    async missing(records) {
      const there = await database.get(
        RECORDS,
        records.map(({ id }) => toDocumentId(id)),
      );
      return records.filter(({ id }) => !there.has(toDocumentId(id)));
    },
    async find(query) {
      const { afterSequence, newestFirst: descending = false, limit } = query;
      const bound = afterSequence === undefined ? undefined : fromSequence(afterSequence);
      const range: Partial<Query> =
        bound === undefined ? {} : descending ? { before: bound } : { after: bound };
      const found = await database.query({
        collection: RECORDS,
        where: toFilters(query),
        orderBy: [
          { field: "storedAt", descending },
          { field: "place", descending },
        ],
        ...range,
        limit,
      });
      return found.map(toStoredRecord);
    },
  };
};
