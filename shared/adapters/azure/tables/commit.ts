import { randomInt, randomUUID } from "node:crypto";
import { PipelineError } from "../../../errors.ts";
import type { Clock } from "../../../ports.ts";
import { distinctRecords, type StateChange, type SubscriptionState } from "../../../state.ts";
import { removeAll, writeAll } from "./batches.ts";
import { toJsonColumns } from "./columns.ts";
import { toDueActions } from "./due.ts";
import { hashOf, ROWS, SEQUENCES_PER_MS, toLogKey, toRowKey } from "./keys.ts";
import { type SequencedRecord, toLogAction, toRecordAction } from "./log.ts";
import type { Rows } from "./rows.ts";
import { type Action, MAX_ACTIONS, type Table } from "./table.ts";

/** A record that is there already costs one more try; more than a few means that something else is wrong. */
const MAX_TRIES = 4;

/** Rising numbers that no other instance is likely to use: the time, an offset of this instance, a count. */
const createSequence = (clock: Clock): (() => number) => {
  const offset = randomInt(SEQUENCES_PER_MS / 2);
  let last = 0;
  return () => {
    last = Math.max(last + 1, clock.nowMs() * SEQUENCES_PER_MS + offset);
    return last;
  };
};

const toRowAction = (next: SubscriptionState, commit: string, etag: string | undefined): Action => {
  const key = toRowKey(next.subscription);
  const { subscription, version } = next;
  const columns = {
    subscription,
    version: String(version),
    commit,
    ...toJsonColumns(next, `row ${subscription}`),
  };
  return etag === undefined ? { kind: "insert", key, columns } : { kind: "replace", key, columns, etag };
};

/** Lists the subscription before its first row is there. */
const toListAction = ({ subscription }: SubscriptionState): Action => ({
  kind: "put",
  key: { partitionKey: ROWS, rowKey: hashOf(subscription) },
  columns: { subscription },
});

/** Everything that points to what the commit will write. */
const toPointerActions = (
  expectedVersion: number,
  next: SubscriptionState | undefined,
  records: readonly SequencedRecord[],
): readonly Action[] => [
  ...(next === undefined ? [] : toDueActions(next)),
  ...(next !== undefined && expectedVersion === 0 ? [toListAction(next)] : []),
  ...records.map(toLogAction),
];

const dropKnown = async (table: Table, actions: readonly Action[]): Promise<readonly Action[]> => {
  const known = await Promise.all(
    actions.map(async (action) => action.kind === "insert" && (await table.get(action.key)) !== undefined),
  );
  return actions.filter((_, index) => known[index] !== true);
};

export type Commit = (
  subscription: string,
  expectedVersion: number,
  change: StateChange,
) => Promise<"committed" | "conflict">;

/**
 * Row and records of one subscription share a partition and leave in one transaction. Pointers to them are written
 * before; readers believe a pointer only if the row or record confirms it.
 */
export const createCommit = (table: Table, rows: Rows, clock: Clock): Commit => {
  const nextSequence = createSequence(clock);

  const writeRow = async (
    next: SubscriptionState,
    expectedVersion: number,
    records: readonly Action[],
  ): Promise<"committed" | "conflict"> => {
    const { subscription } = next;
    const commit = randomUUID();
    let left = records;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const etag = expectedVersion === 0 ? undefined : await rows.etagOf(subscription, expectedVersion);
      if (expectedVersion !== 0 && etag === undefined) return "conflict";
      if (await table.write([toRowAction(next, commit, etag), ...left])) return "committed";
      const now = await rows.load(subscription);
      // The client tried again after a lost answer, and met what it had written itself.
      if (now.commit === commit) return "committed";
      if (now.state.version !== expectedVersion) return "conflict";
      left = await dropKnown(table, left);
    }
    return "conflict";
  };

  const appendRecords = async (records: readonly Action[]): Promise<"committed"> => {
    if (records.length > 0 && !(await table.write(records))) {
      // Records without a row stand each for itself.
      await Promise.all(records.map((record) => table.write([record])));
    }
    return "committed";
  };

  return async (subscription, expectedVersion, { next, records }) => {
    if (records.length >= MAX_ACTIONS) {
      const message = `${records.length} records in one commit of ${subscription}; a table takes ${MAX_ACTIONS - 1}`;
      throw new PipelineError(message, { code: "STATE_UNAVAILABLE" });
    }
    const sequenced = distinctRecords(records).map((record) => ({ ...record, sequence: nextSequence() }));
    const pointers = toPointerActions(expectedVersion, next, sequenced);
    await writeAll(table, pointers);
    const inserts = sequenced.map(toRecordAction);
    if (next === undefined) return appendRecords(inserts);
    const outcome = await writeRow(next, expectedVersion, inserts);
    if (outcome === "conflict") {
      const pointed = sequenced.map(({ sequence }) => toLogKey(sequence, subscription));
      await removeAll(table, pointed);
    }
    return outcome;
  };
};
