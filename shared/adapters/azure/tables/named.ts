import type { Clock } from "../../../ports.ts";
import type { StateStore } from "../../../state.ts";
import { removeAll, writeAll } from "./batches.ts";
import { fromJsonColumns, toJsonColumns } from "./columns.ts";
import { DONE, toDoneKey, toNamedKey, toSortable } from "./keys.ts";
import { type Entity, type Table, where } from "./table.ts";

/** Claims by insert-if-absent, taken over by compare-and-set once their lease is over. */
export const createClaims = (table: Table, clock: Clock): Pick<StateStore, "claim" | "release"> => ({
  async claim(key, owner, leaseUntilMs) {
    const at = toNamedKey("claim", key);
    const columns = { key, owner, until: toSortable(leaseUntilMs) };
    if (await table.write([{ kind: "insert", key: at, columns }])) return true;
    const held = await table.get(at);
    // Released in between: whoever asks next gets it.
    if (held === undefined) return false;
    const isFree = Number(held.columns.until) <= clock.nowMs();
    if (held.columns.owner !== owner && !isFree) return false;
    return table.write([{ kind: "replace", key: at, columns, etag: held.etag }]);
  },
  async release(key, owner) {
    const at = toNamedKey("claim", key);
    const held = await table.get(at);
    if (held?.columns.owner !== owner) return;
    // Only as it was read: somebody else may have taken it meanwhile.
    await table.remove(at, held.etag);
  },
});

export const createDocuments = (table: Table): Pick<StateStore, "loadDocument" | "saveDocument"> => {
  const load = (key: string): Promise<Entity | undefined> => table.get(toNamedKey("document", key));
  return {
    async loadDocument(key) {
      const found = await load(key);
      return found && { version: Number(found.columns.version), value: fromJsonColumns(found.columns) };
    },
    async saveDocument(key, expectedVersion, value) {
      const at = toNamedKey("document", key);
      const version = String(expectedVersion + 1);
      const columns = { key, version, ...toJsonColumns(value, `document ${key}`) };
      if (expectedVersion === 0) return table.write([{ kind: "insert", key: at, columns }]);
      const found = await load(key);
      if (Number(found?.columns.version) !== expectedVersion || found === undefined) return false;
      return table.write([{ kind: "replace", key: at, columns, etag: found.etag }]);
    },
  };
};

export const createDoneMarks = (
  table: Table,
  clock: Clock,
): Pick<StateStore, "isDone" | "markDone"> & { prune(): Promise<number> } => ({
  async isDone(key) {
    const mark = await table.get(toDoneKey(key));
    return mark !== undefined && Number(mark.columns.expires) > clock.nowMs();
  },
  markDone: (key, expiresAtMs) =>
    writeAll(table, [{ kind: "put", key: toDoneKey(key), columns: { expires: toSortable(expiresAtMs) } }]),
  async prune() {
    const expired = where`expires lt ${toSortable(clock.nowMs())}`;
    const marks: Entity[] = [];
    const filter = where`PartitionKey ge ${DONE.from} and PartitionKey lt ${DONE.to}`;
    for await (const mark of table.query(`${filter} and ${expired}`)) marks.push(mark);
    await removeAll(table, marks);
    return marks.length;
  },
});
