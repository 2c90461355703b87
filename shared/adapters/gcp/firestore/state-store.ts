import { PipelineError } from "../../../errors.ts";
import type { Clock } from "../../../ports.ts";
import {
  dueAtMsOf,
  type StateChange,
  type StateRecord,
  type StateStore,
  type SubscriptionState,
} from "../../../state.ts";
import type { FirestoreDatabase, StoredFields } from "./database.ts";
import { toDocumentId, toFieldPath } from "./key.ts";
import { CLAIMS, createLeases, DONE, EXPIRY } from "./leases.ts";
import { removeBelow } from "./prune.ts";
import { createRecordLog, RECORDS } from "./records.ts";
import {
  type Fields,
  instant,
  instantMsOf,
  integer,
  integerOf,
  map,
  mapOf,
  optional,
  text,
  textOf,
} from "./values.ts";
import { createVersionedDocuments } from "./versioned.ts";

const ROWS = "subscriptions";
const DOCUMENTS = "documents";
const MAX_ROUNDS = 4;
const DUE_PAGE = 500;
/** Rows looked at for receivers with due work; the next sweep goes on. */
const MAX_DUE_ROWS = 20_000;

const unreadable = (what: string, cause?: unknown): PipelineError =>
  new PipelineError(`Firestore: ${what} is not what Sluice wrote`, { code: "STATE_UNAVAILABLE", cause });

const parseKept = (fields: Fields, field: string, what: string): unknown => {
  try {
    return JSON.parse(textOf(fields, field) ?? "");
  } catch (cause) {
    throw unreadable(what, cause);
  }
};

const toState = ({ fields }: StoredFields): SubscriptionState =>
  parseKept(fields, "state", `the row of ${textOf(fields, "subscription")}`) as SubscriptionState;

/** When each receiver is due, and the earliest of all, are fields: Firestore keeps an index over each by itself. */
const toRow = (next: SubscriptionState): Fields => {
  const due = Object.entries(next.outbox).flatMap(([receiver, entry]) => {
    const dueAtMs = dueAtMsOf(entry);
    return dueAtMs === undefined ? [] : [[receiver, dueAtMs] as const];
  });
  const checkAtMs = next.selection?.checkAtMs;
  const earliestMs = due.length === 0 ? undefined : Math.min(...due.map(([, atMs]) => atMs));
  return {
    subscription: text(next.subscription),
    state: text(JSON.stringify(next)),
    due: map(Object.fromEntries(due.map(([receiver, atMs]) => [receiver, integer(atMs)]))),
    ...optional("dueAtMs", earliestMs === undefined ? undefined : integer(earliestMs)),
    ...optional("checkAtMs", checkAtMs === undefined ? undefined : integer(checkAtMs)),
  };
};

const uniqueById = (records: readonly StateRecord[]): readonly StateRecord[] =>
  [...new Map(records.toReversed().map((record) => [record.id, record])).values()].toReversed();

const toSubscription = ({ fields }: StoredFields): string => textOf(fields, "subscription") ?? "";

/** Selections, outbox, decision records and leases in Firestore (Native mode). */
export const createFirestoreStateStore = (database: FirestoreDatabase, clock: Clock): StateStore => {
  const rows = createVersionedDocuments(database, ROWS);
  const documents = createVersionedDocuments(database, DOCUMENTS);
  const log = createRecordLog(database);

  /** Row and records in one commit. Records that are there already are left out in the next round. */
  const commit = async (
    subscription: string,
    expectedVersion: number,
    { next, records }: StateChange,
  ): Promise<"committed" | "conflict"> => {
    let wanted = uniqueById(records);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const row =
        next === undefined ? undefined : await rows.toWrite(subscription, expectedVersion + 1, toRow(next));
      if (next !== undefined && row === undefined) return "conflict";
      const writes = [...(row === undefined ? [] : [row]), ...log.toWrites(wanted)];
      if (writes.length === 0) return "committed";
      const outcome = await database.commit(writes);
      if (outcome.kind === "committed") {
        if (row !== undefined) rows.remember(subscription, expectedVersion + 1, outcome.updateTimes[0]);
        return "committed";
      }
      if (outcome.kind === "stale") return "conflict";
      const missing = await log.missing(wanted);
      // Every record is still to be written, so it was the row that exists.
      if (missing.length === wanted.length && expectedVersion === 0 && next !== undefined) return "conflict";
      wanted = missing;
    }
    throw new PipelineError(`Firestore: the records of ${subscription} keep changing`, {
      code: "STATE_UNAVAILABLE",
    });
  };

  return {
    commit,
    ...createLeases(database, clock),
    async load(subscription) {
      const found = await rows.load(subscription);
      if (found === undefined) return { subscription, version: 0, selectorHash: "", outbox: {} };
      return toState(found);
    },
    async list(limit, cursor) {
      const found = await database.query({
        collection: ROWS,
        orderBy: [{ field: "__name__" }],
        ...(cursor === undefined ? {} : { after: [database.reference(ROWS, cursor)] }),
        limit,
      });
      const last = found.at(-1);
      const listed = found.map(toState);
      return found.length < limit || last === undefined
        ? { rows: listed }
        : { rows: listed, cursor: last.id };
    },
    async dueReceivers(nowMs, limit) {
      const receivers = new Set<string>();
      let last: StoredFields | undefined;
      for (let seen = 0; seen < MAX_DUE_ROWS && receivers.size < limit; seen += DUE_PAGE) {
        const after = last && [
          integer(integerOf(last.fields, "dueAtMs") ?? 0),
          database.reference(ROWS, last.id),
        ];
        const page = await database.query({
          collection: ROWS,
          where: [{ field: "dueAtMs", op: "LESS_THAN_OR_EQUAL", value: integer(nowMs) }],
          orderBy: [{ field: "dueAtMs" }, { field: "__name__" }],
          ...(after === undefined ? {} : { after }),
          select: ["dueAtMs", "due"],
          limit: DUE_PAGE,
        });
        for (const { fields } of page) {
          const due = mapOf(fields, "due");
          for (const receiver of Object.keys(due)) {
            if ((integerOf(due, receiver) ?? Infinity) <= nowMs) receivers.add(receiver);
          }
        }
        last = page.at(-1);
        if (page.length < DUE_PAGE) break;
      }
      return [...receivers].slice(0, limit);
    },
    async dueSubscriptions(receiver, nowMs, limit) {
      const field = toFieldPath("due", receiver);
      const found = await database.query({
        collection: ROWS,
        where: [{ field, op: "LESS_THAN_OR_EQUAL", value: integer(nowMs) }],
        orderBy: [{ field }],
        select: ["subscription"],
        limit,
      });
      return found.map(toSubscription);
    },
    async dueChecks(nowMs, limit) {
      const found = await database.query({
        collection: ROWS,
        where: [{ field: "checkAtMs", op: "LESS_THAN_OR_EQUAL", value: integer(nowMs) }],
        orderBy: [{ field: "checkAtMs" }],
        select: ["subscription"],
        limit,
      });
      return found.map(toSubscription);
    },
    records: (query) => log.find(query),
    async isDone(key) {
      const id = toDocumentId(key);
      const found = (await database.get(DONE, [id])).get(id);
      return found !== undefined && (instantMsOf(found.fields, EXPIRY) ?? 0) > clock.nowMs();
    },
    async markDone(key, expiresAtMs) {
      const fields = { [EXPIRY]: instant(expiresAtMs) };
      await database.commit([{ set: { collection: DONE, id: toDocumentId(key), fields } }]);
    },
    async loadDocument(key) {
      const found = await documents.load(key);
      if (found === undefined) return undefined;
      const value = parseKept(found.fields, "value", `the document ${key}`);
      return { version: integerOf(found.fields, "version") ?? 0, value };
    },
    async saveDocument(key, expectedVersion, value) {
      const version = expectedVersion + 1;
      const write = await documents.toWrite(key, version, { value: text(JSON.stringify(value)) });
      if (write === undefined) return false;
      const outcome = await database.commit([write]);
      if (outcome.kind !== "committed") return false;
      documents.remember(key, version, outcome.updateTimes[0]);
      return true;
    },
    async prune(beforeMs) {
      const now = instant(clock.nowMs());
      const removed = [
        await removeBelow(database, RECORDS, "atMs", integer(beforeMs)),
        await removeBelow(database, DONE, EXPIRY, now),
      ];
      // Leases that nobody released are not counted: they are nothing that was kept.
      await removeBelow(database, CLAIMS, EXPIRY, now);
      return removed.reduce((sum, count) => sum + count, 0);
    },
  };
};
