import { formatRepository } from "../../../artifact/repository.ts";
import type { Clock } from "../../../ports.ts";
import {
  dueAtMsOf,
  type RecordQuery,
  type StateChange,
  type StateRecord,
  type StateStore,
  type StoredRecord,
  type SubscriptionState,
} from "../../../state.ts";
import type { Database } from "./database.ts";

const LOAD = "SELECT state FROM subscriptions WHERE id = ?";
const LIST = "SELECT state FROM subscriptions WHERE id > ? ORDER BY id LIMIT ?";
const INSERT = "INSERT OR IGNORE INTO subscriptions (id, version, state, check_at_ms) VALUES (?, ?, ?, ?)";
const UPDATE =
  "UPDATE subscriptions SET version = ?, state = ?, check_at_ms = ? WHERE id = ? AND version = ?";
const CLEAR_DUE = "DELETE FROM outbox_due WHERE subscription = ?";
const ADD_DUE = "INSERT INTO outbox_due (receiver, subscription, due_at_ms) VALUES (?, ?, ?)";
const ADD_RECORD =
  "INSERT OR IGNORE INTO records (id, at_ms, subscription, decision, repository, outcome, receiver, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const DUE_RECEIVERS =
  "SELECT receiver, min(due_at_ms) AS at FROM outbox_due WHERE due_at_ms <= ? GROUP BY receiver ORDER BY at LIMIT ?";
const DUE_SUBSCRIPTIONS =
  "SELECT subscription FROM outbox_due WHERE receiver = ? AND due_at_ms <= ? ORDER BY due_at_ms, subscription LIMIT ?";
const DUE_CHECKS =
  "SELECT id FROM subscriptions WHERE check_at_ms IS NOT NULL AND check_at_ms <= ? ORDER BY check_at_ms LIMIT ?";
const IS_DONE = "SELECT 1 FROM done WHERE key = ? AND expires_at_ms > ?";
const MARK_DONE = "INSERT OR REPLACE INTO done (key, expires_at_ms) VALUES (?, ?)";
const CLAIM =
  "INSERT INTO claims (key, owner, lease_until_ms) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, lease_until_ms = excluded.lease_until_ms WHERE claims.lease_until_ms <= ? OR claims.owner = excluded.owner";
const RELEASE = "DELETE FROM claims WHERE key = ? AND owner = ?";
const LOAD_DOCUMENT = "SELECT version, value FROM documents WHERE key = ?";
const ADD_DOCUMENT = "INSERT OR IGNORE INTO documents (version, value, key) VALUES (?, ?, ?)";
const CHANGE_DOCUMENT = "UPDATE documents SET version = ?, value = ? WHERE key = ? AND version = ?";
const FREE_CLAIMS = "DELETE FROM claims";

export interface SqliteStateStore extends StateStore {
  /** Leases of a process that is gone. Only for the file's single consumer. */
  freeAbandoned(): Promise<void>;
}

const writeRow = (database: Database, next: SubscriptionState, expectedVersion: number): boolean => {
  const checkAtMs = next.selection?.checkAtMs ?? null;
  const state = JSON.stringify(next);
  const { changes } =
    expectedVersion === 0
      ? database.statement(INSERT).run(next.subscription, next.version, state, checkAtMs)
      : database.statement(UPDATE).run(next.version, state, checkAtMs, next.subscription, expectedVersion);
  if (Number(changes) === 0) return false;
  database.statement(CLEAR_DUE).run(next.subscription);
  for (const [receiver, entry] of Object.entries(next.outbox)) {
    const dueAtMs = dueAtMsOf(entry);
    if (dueAtMs === undefined) continue;
    database.statement(ADD_DUE).run(receiver, next.subscription, dueAtMs);
  }
  return true;
};

const addRecord = (database: Database, record: StateRecord): void => {
  const repository = record.kind === "decision" ? formatRepository(record.repository) : null;
  const outcome = record.kind === "decision" ? record.outcome : null;
  const receiver = record.kind === "attempt" ? record.receiver : null;
  const { id, atMs, subscription, decisionId } = record;
  database
    .statement(ADD_RECORD)
    .run(id, atMs, subscription, decisionId, repository, outcome, receiver, JSON.stringify(record));
};

const queryRecords = (database: Database, query: RecordQuery): readonly StoredRecord[] => {
  const conditions: string[] = ["sequence > ?"];
  const values: (string | number)[] = [query.afterSequence ?? 0];
  const add = (column: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(`${column} = ?`);
    values.push(value);
  };
  add("subscription", query.subscription);
  add("decision", query.decisionId);
  add("repository", query.repository);
  add("outcome", query.outcome);
  add("receiver", query.receiver);
  const order = query.newestFirst === true ? "DESC" : "ASC";
  const sql = `SELECT sequence, record FROM records WHERE ${conditions.join(" AND ")} ORDER BY sequence ${order} LIMIT ?`;
  const rows = database.statement(sql).all(...values, query.limit);
  return rows.map((row) => ({
    ...(JSON.parse(row.record as string) as StateRecord),
    sequence: Number(row.sequence),
  }));
};

/** Selections, outbox, decision records and leases in one SQLite file. */
export const createSqliteStateStore = (database: Database, clock: Clock): SqliteStateStore => ({
  async load(subscription) {
    const row = database.statement(LOAD).get(subscription);
    if (row === undefined) return { subscription, version: 0, selectorHash: "", outbox: {} };
    return JSON.parse(row.state as string) as SubscriptionState;
  },
  commit: (_subscription, expectedVersion, { next, records }: StateChange) =>
    database.write("durable", () => {
      if (next !== undefined && !writeRow(database, next, expectedVersion)) return "conflict";
      for (const record of records) addRecord(database, record);
      return "committed";
    }),
  async list(limit, cursor = "") {
    const rows = database
      .statement(LIST)
      .all(cursor, limit)
      .map((row) => JSON.parse(row.state as string) as SubscriptionState);
    const last = rows.at(-1);
    return rows.length < limit || last === undefined ? { rows } : { rows, cursor: last.subscription };
  },
  async dueReceivers(nowMs, limit) {
    return database
      .statement(DUE_RECEIVERS)
      .all(nowMs, limit)
      .map((row) => row.receiver as string);
  },
  async dueSubscriptions(receiver, nowMs, limit) {
    const rows = database.statement(DUE_SUBSCRIPTIONS).all(receiver, nowMs, limit);
    return rows.map((row) => row.subscription as string);
  },
  async dueChecks(nowMs, limit) {
    return database
      .statement(DUE_CHECKS)
      .all(nowMs, limit)
      .map((row) => row.id as string);
  },
  async records(query) {
    return queryRecords(database, query);
  },
  async isDone(key) {
    return database.statement(IS_DONE).get(key, clock.nowMs()) !== undefined;
  },
  // A lost mark means one more, idempotent, evaluation.
  markDone: (key, expiresAtMs) =>
    database.write("relaxed", () => {
      database.statement(MARK_DONE).run(key, expiresAtMs);
    }),
  async loadDocument(key) {
    const row = database.statement(LOAD_DOCUMENT).get(key);
    return row && { version: Number(row.version), value: JSON.parse(row.value as string) as unknown };
  },
  saveDocument: (key, expectedVersion, value) =>
    database.write("durable", () => {
      const text = JSON.stringify(value);
      const { changes } =
        expectedVersion === 0
          ? database.statement(ADD_DOCUMENT).run(1, text, key)
          : database.statement(CHANGE_DOCUMENT).run(expectedVersion + 1, text, key, expectedVersion);
      return Number(changes) > 0;
    }),
  claim: (key, owner, leaseUntilMs) =>
    database.write("relaxed", () => {
      const { changes } = database.statement(CLAIM).run(key, owner, leaseUntilMs, clock.nowMs());
      return Number(changes) > 0;
    }),
  release: (key, owner) =>
    database.write("relaxed", () => {
      database.statement(RELEASE).run(key, owner);
    }),
  prune: (beforeMs) =>
    database.write("relaxed", () => {
      const records = database.statement("DELETE FROM records WHERE at_ms < ?").run(beforeMs);
      const done = database.statement("DELETE FROM done WHERE expires_at_ms < ?").run(clock.nowMs());
      const dead = database.statement("DELETE FROM dead_letters WHERE at_ms < ?").run(beforeMs);
      return Number(records.changes) + Number(done.changes) + Number(dead.changes);
    }),
  freeAbandoned: () =>
    database.write("relaxed", () => {
      database.statement(FREE_CLAIMS).run();
    }),
});
