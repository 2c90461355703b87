import { formatRepository } from "../../shared/artifact/repository.ts";
import type { Clock } from "../../shared/ports.ts";
import {
  dueAtMsOf,
  type RecordQuery,
  type StateStore,
  type StoredDocument,
  type StoredRecord,
  type SubscriptionState,
} from "../../shared/state.ts";

export interface MemoryState extends StateStore {
  all(): readonly StoredRecord[];
  /** When the record was written; it says itself when it was made. */
  writtenAtMs(record: StoredRecord): number;
  freeAbandoned(): void;
  /** The same state as a process with a clock of its own uses it. */
  under(clock: Clock): StateStore;
}

const matches = (record: StoredRecord, query: RecordQuery): boolean =>
  (query.subscription === undefined || record.subscription === query.subscription) &&
  (query.decisionId === undefined || record.decisionId === query.decisionId) &&
  (query.repository === undefined ||
    (record.kind === "decision" && formatRepository(record.repository) === query.repository)) &&
  (query.outcome === undefined || (record.kind === "decision" && record.outcome === query.outcome)) &&
  (query.receiver === undefined || (record.kind === "attempt" && record.receiver === query.receiver));

/** The state of the simulation: passes the same contract as the real ones. Rows are values, never shared and changed. */
export const createMemoryState = (machine: Clock): MemoryState => {
  const rows = new Map<string, SubscriptionState>();
  let records: StoredRecord[] = [];
  const writtenAtMs = new Map<string, number>();
  const done = new Map<string, number>();
  const claims = new Map<string, { readonly owner: string; readonly untilMs: number }>();
  const documents = new Map<string, StoredDocument>();
  let sequence = 0;

  const due = (nowMs: number): { receiver: string; subscription: string; atMs: number }[] => {
    const found: { receiver: string; subscription: string; atMs: number }[] = [];
    for (const row of rows.values()) {
      for (const [receiver, entry] of Object.entries(row.outbox)) {
        const atMs = dueAtMsOf(entry);
        if (atMs !== undefined && atMs <= nowMs)
          found.push({ receiver, subscription: row.subscription, atMs });
      }
    }
    return found.sort((a, b) => a.atMs - b.atMs || (a.subscription < b.subscription ? -1 : 1));
  };

  const store = (clock: Clock): StateStore => ({
    async load(subscription) {
      return rows.get(subscription) ?? { subscription, version: 0, selectorHash: "", outbox: {} };
    },
    async commit(subscription, expectedVersion, { next, records: added }) {
      if (next !== undefined) {
        if ((rows.get(subscription)?.version ?? 0) !== expectedVersion) return "conflict";
        rows.set(subscription, next);
      }
      for (const record of added) {
        if (writtenAtMs.has(record.id)) continue;
        writtenAtMs.set(record.id, machine.nowMs());
        records.push({ ...record, sequence: ++sequence });
      }
      return "committed";
    },
    async list(limit, cursor = "") {
      const ids = [...rows.keys()].filter((id) => id > cursor).sort();
      const page = ids.slice(0, limit).flatMap((id) => rows.get(id) ?? []);
      const last = ids[limit - 1];
      return ids.length <= limit || last === undefined ? { rows: page } : { rows: page, cursor: last };
    },
    async dueReceivers(nowMs, limit) {
      return [...new Set(due(nowMs).map(({ receiver }) => receiver))].slice(0, limit);
    },
    async dueSubscriptions(receiver, nowMs, limit) {
      const mine = due(nowMs).filter((one) => one.receiver === receiver);
      return mine.slice(0, limit).map(({ subscription }) => subscription);
    },
    async dueChecks(nowMs, limit) {
      const checks = [...rows.values()].filter(
        ({ selection }) => (selection?.checkAtMs ?? Infinity) <= nowMs,
      );
      checks.sort((a, b) => (a.selection?.checkAtMs ?? 0) - (b.selection?.checkAtMs ?? 0));
      return checks.slice(0, limit).map(({ subscription }) => subscription);
    },
    async records(query) {
      const found = records.filter(
        (record) => record.sequence > (query.afterSequence ?? 0) && matches(record, query),
      );
      if (query.newestFirst === true) found.reverse();
      return found.slice(0, query.limit);
    },
    async isDone(key) {
      return (done.get(key) ?? 0) > clock.nowMs();
    },
    async markDone(key, expiresAtMs) {
      done.set(key, expiresAtMs);
    },
    async loadDocument(key) {
      return documents.get(key);
    },
    async saveDocument(key, expectedVersion, value) {
      if ((documents.get(key)?.version ?? 0) !== expectedVersion) return false;
      documents.set(key, { version: expectedVersion + 1, value });
      return true;
    },
    async claim(key, owner, leaseUntilMs) {
      const current = claims.get(key);
      if (current !== undefined && current.owner !== owner && current.untilMs > clock.nowMs()) return false;
      claims.set(key, { owner, untilMs: leaseUntilMs });
      return true;
    },
    async release(key, owner) {
      if (claims.get(key)?.owner === owner) claims.delete(key);
    },
    async prune(beforeMs) {
      const before = records.length;
      records = records.filter(({ atMs }) => atMs >= beforeMs);
      return before - records.length;
    },
  });
  return {
    ...store(machine),
    under: store,
    all: () => records,
    writtenAtMs: ({ id }) => writtenAtMs.get(id) ?? 0,
    freeAbandoned: () => claims.clear(),
  };
};
