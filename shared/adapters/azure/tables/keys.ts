import { hash } from "node:crypto";
import type { Key } from "./table.ts";

/**
 * Keys of the one table. Partitions, by their first letter:
 *
 * `s:<subscription>`  the truth: the row and its records, which change together, so they share a partition
 * `r`                 which subscriptions have a row
 * `c`                 when pending selections are looked at again
 * `d:<receiver>`      when a receiver's entries are due
 * `l:<day>`           the log of records, newest first
 * `k:<kind>:<hash>`   claims and documents
 * `x:<2 hex digits>`  done marks
 *
 * Names may hold characters that keys may not, and be longer than keys may be: keys have their hashes.
 */
const HASH_CHARACTERS = 40;

export const hashOf = (name: string): string => hash("sha256", name).slice(0, HASH_CHARACTERS);

/** Numbers up to 2^53, as text that sorts like them. */
export const toSortable = (value: number): string => String(Math.trunc(value)).padStart(16, "0");

const toDescending = (value: number): string => toSortable(Number.MAX_SAFE_INTEGER - value);

const DAY_MS = 86_400_000;
const LAST_DAY = 99_999;

export const ROW = "row";
export const RECORDS = { from: "record:", to: "record;" } as const;
export const ROWS = "r";
export const CHECKS = "c";
export const DUE = { from: "d:", to: "d;" } as const;
export const LOG = { from: "l:", to: "l;" } as const;
export const DONE = { from: "x:", to: "x;" } as const;

export const toSubscriptionPartition = (subscription: string): string => `s:${hashOf(subscription)}`;

export const toRowKey = (subscription: string): Key => ({
  partitionKey: toSubscriptionPartition(subscription),
  rowKey: ROW,
});

export const toRecordRowKey = (id: string): string => `${RECORDS.from}${hashOf(id)}`;

export const toDuePartition = (receiver: string): string => `${DUE.from}${hashOf(receiver)}`;

/** Unique for each version of a row, so that what one commit wrote is never taken for another's. */
export const toDueRowKey = (dueAtMs: number, subscription: string, version: number): string =>
  `${toSortable(dueAtMs)}:${hashOf(subscription)}:${version}`;

/** Everything due up to and including `nowMs` sorts before it. */
export const toDueBound = (nowMs: number): string => toSortable(nowMs + 1);

/** Sequence numbers are times, so that they rise over all instances; this many of them to a millisecond. */
export const SEQUENCES_PER_MS = 2_048;

/** Everything of the log after `sequence` is in this partition or one that sorts before it, and sorts before the row key. */
export const toLogBound = (sequence: number): Key => {
  const day = Math.floor(sequence / SEQUENCES_PER_MS / DAY_MS);
  return {
    partitionKey: `${LOG.from}${String(LAST_DAY - day).padStart(5, "0")}`,
    rowKey: toDescending(sequence),
  };
};

export const toLogKey = (sequence: number, subscription: string): Key => {
  const { partitionKey, rowKey } = toLogBound(sequence);
  return { partitionKey, rowKey: `${rowKey}:${hashOf(subscription)}` };
};

export const toNamedKey = (kind: "claim" | "document", name: string): Key => ({
  partitionKey: `k:${kind}:${hashOf(name)}`,
  rowKey: kind,
});

export const toDoneKey = (name: string): Key => {
  const hashed = hashOf(name);
  return { partitionKey: `${DONE.from}${hashed.slice(0, 2)}`, rowKey: hashed };
};
