import type { TableClient } from "@azure/data-tables";
import type { Clock } from "../../../ports.ts";
import type { StateStore } from "../../../state.ts";
import { mapSome } from "./batches.ts";
import { createCommit } from "./commit.ts";
import { findDueChecks, findDueReceivers, findDueSubscriptions } from "./due.ts";
import { ROWS } from "./keys.ts";
import { pruneRecords, queryRecords } from "./log.ts";
import { createClaims, createDocuments, createDoneMarks } from "./named.ts";
import { createRows } from "./rows.ts";
import { createTable, where } from "./table.ts";

/** Selections, outbox, decision records and leases in one table of Table Storage. */
export const createTableStateStore = (client: TableClient, clock: Clock): StateStore => {
  const table = createTable(client);
  const rows = createRows(table);
  const { prune: pruneDone, ...done } = createDoneMarks(table, clock);
  return {
    load: async (subscription) => (await rows.load(subscription)).state,
    commit: createCommit(table, rows, clock),
    async list(limit, cursor = "") {
      const subscriptions: { readonly rowKey: string; readonly subscription: string }[] = [];
      const filter = where`PartitionKey eq ${ROWS} and RowKey gt ${cursor}`;
      for await (const { rowKey, columns } of table.query(filter)) {
        subscriptions.push({ rowKey, subscription: columns.subscription ?? "" });
        if (subscriptions.length >= limit) break;
      }
      const loaded = await mapSome(subscriptions, ({ subscription }) => rows.load(subscription));
      // Listed before it was written, and the write never came.
      const written = loaded.map(({ state }) => state).filter(({ version }) => version > 0);
      const last = subscriptions.at(-1);
      return subscriptions.length < limit || last === undefined
        ? { rows: written }
        : { rows: written, cursor: last.rowKey };
    },
    dueReceivers: (nowMs, limit) => findDueReceivers(table, rows, nowMs, limit),
    dueSubscriptions: (receiver, nowMs, limit) => findDueSubscriptions(table, rows, receiver, nowMs, limit),
    dueChecks: (nowMs, limit) => findDueChecks(table, rows, nowMs, limit),
    records: (query) => queryRecords(table, query),
    ...done,
    ...createDocuments(table),
    ...createClaims(table, clock),
    prune: async (beforeMs) => (await pruneRecords(table, beforeMs)) + (await pruneDone()),
  };
};
