import type { SubscriptionState } from "../../../state.ts";
import { fromJsonColumns } from "./columns.ts";
import { toRowKey } from "./keys.ts";
import type { Entity, Table } from "./table.ts";

const REMEMBERED_ROWS = 1_000;

/** The row as the table has it; `etag` absent: there is none. */
export interface LoadedRow {
  readonly state: SubscriptionState;
  readonly etag?: string;
  /** Names the commit that wrote it. */
  readonly commit?: string;
}

export const emptyRow = (subscription: string): SubscriptionState => ({
  subscription,
  version: 0,
  selectorHash: "",
  outbox: {},
});

const toLoadedRow = (subscription: string, entity: Entity | undefined): LoadedRow => {
  if (entity === undefined) return { state: emptyRow(subscription) };
  const state = fromJsonColumns(entity.columns) as SubscriptionState;
  const { commit } = entity.columns;
  return { state, etag: entity.etag, ...(commit === undefined ? {} : { commit }) };
};

export interface Rows {
  load(subscription: string): Promise<LoadedRow>;
  /** The etag of that version, from the last load where that is the one; undefined: somebody else wrote since. */
  etagOf(subscription: string, version: number): Promise<string | undefined>;
}

/** Rows by subscription; remembers etags, so that a commit after a load reads nothing. */
export const createRows = (table: Table): Rows => {
  const known = new Map<string, { readonly version: number; readonly etag: string }>();
  const load = async (subscription: string): Promise<LoadedRow> => {
    const loaded = toLoadedRow(subscription, await table.get(toRowKey(subscription)));
    known.delete(subscription);
    if (loaded.etag !== undefined) {
      known.set(subscription, { version: loaded.state.version, etag: loaded.etag });
      const [oldest] = known.keys();
      if (known.size > REMEMBERED_ROWS && oldest !== undefined) known.delete(oldest);
    }
    return loaded;
  };
  return {
    load,
    async etagOf(subscription, version) {
      const remembered = known.get(subscription);
      if (remembered?.version === version) return remembered.etag;
      const { state, etag } = await load(subscription);
      return state.version === version ? etag : undefined;
    },
  };
};
