import { randomUUID } from "node:crypto";
import type { TableClient, TransactionAction } from "@azure/data-tables";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTableStateStore } from "../../../shared/adapters/azure/tables/state-store.ts";
import type { DecisionRecord, OutboxEntry, SubscriptionState } from "../../../shared/state.ts";
import { type Azurite, startAzurite } from "../world/azurite.ts";
import { createWorld, type World } from "../world/world.ts";

let world: World;
let azurite: Azurite;

beforeAll(async () => {
  world = await createWorld();
  azurite = await startAzurite(world);
});
afterAll(() => world.close());

const NOW_MS = 1_764_000_000_000;
const clock = { nowMs: () => NOW_MS };
const DIGEST = `sha256:${"b".repeat(64)}` as const;

const openTable = async (): Promise<TableClient> => {
  const table = azurite.table(`t${randomUUID().replaceAll("-", "")}`);
  await table.createTable();
  return table;
};

type Submit = TableClient["submitTransaction"];

/** The same table, but the transactions of subscriptions go another way. */
const intercept = (
  table: TableClient,
  submit: (actions: TransactionAction[], real: Submit) => ReturnType<Submit>,
) =>
  new Proxy(table, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== "submitTransaction") return typeof value === "function" ? value.bind(target) : value;
      return (actions: TransactionAction[]) => {
        const real: Submit = (all, options) => target.submitTransaction(all, options);
        return actions[0]?.[1].partitionKey?.startsWith("s:") ? submit(actions, real) : real(actions);
      };
    },
  });

const entry = (dueAtMs?: number): OutboxEntry => ({
  digest: DIGEST,
  decisionId: "d",
  requirement: "r",
  sequence: 1,
  state: dueAtMs === undefined ? "accepted" : "due",
  decidedAtMs: NOW_MS,
  attempts: 0,
  ...(dueAtMs === undefined ? {} : { nextAttemptAtMs: dueAtMs }),
});

const row = (version: number, outbox: SubscriptionState["outbox"] = {}): SubscriptionState => ({
  subscription: "prod/OCIRepository/apps/app",
  version,
  selectorHash: "h",
  outbox,
});

const { subscription } = row(0);

const record = (id: string): DecisionRecord => ({
  kind: "decision",
  id,
  decisionId: `d-${id}`,
  atMs: NOW_MS,
  subscription,
  repository: { registry: "acme.azurecr.io", repository: "app" },
  outcome: "notify",
  reason: "verified",
  catalogVersion: "c",
  facts: {},
});

const pointersIn = async (table: TableClient): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { partitionKey = "" } of table.listEntities()) {
    if (!partitionKey.startsWith("s:")) found.push(partitionKey);
  }
  return found;
};

describe("state in a table", () => {
  test("keeps rows far beyond the 64 KiB of a property, in any script", async () => {
    const state = createTableStateStore(await openTable(), clock);
    const selectorHash = "Größe 尺寸 🚀 ".repeat(8_000);
    const next = { ...row(1), selectorHash };
    expect(await state.commit(subscription, 0, { next, records: [] })).toBe("committed");
    expect((await state.load(subscription)).selectorHash).toBe(selectorHash);
  });

  test("says so where a row is more than an entity takes", async () => {
    const state = createTableStateStore(await openTable(), clock);
    const next = { ...row(1), selectorHash: "x".repeat(600_000) };
    await expect(state.commit(subscription, 0, { next, records: [] })).rejects.toMatchObject({
      code: "STATE_UNAVAILABLE",
      message: expect.stringContaining(subscription),
    });
  });

  test("a record that is there already costs neither the row nor its neighbours", async () => {
    const state = createTableStateStore(await openTable(), clock);
    await state.commit(subscription, 0, { next: row(1), records: [record("one")] });
    const again = { next: row(2), records: [record("one"), record("two")] };
    expect(await state.commit(subscription, 1, again)).toBe("committed");
    expect((await state.load(subscription)).version).toBe(2);
    expect((await state.records({ limit: 10 })).map(({ id }) => id)).toEqual(["one", "two"]);
  });

  test("takes as many records at once as a transaction does, and refuses more whole", async () => {
    const state = createTableStateStore(await openTable(), clock);
    const many = (count: number) => Array.from({ length: count }, (_, index) => record(`r${index}`));
    await expect(state.commit(subscription, 0, { next: row(1), records: many(100) })).rejects.toMatchObject({
      code: "STATE_UNAVAILABLE",
    });
    expect((await state.load(subscription)).version).toBe(0);
    expect(await state.commit(subscription, 0, { next: row(1), records: many(99) })).toBe("committed");
    expect(await state.records({ limit: 200 })).toHaveLength(99);
  });

  test("a crash between pointers and commit leaves nothing that is believed", async () => {
    const table = await openTable();
    const dying = createTableStateStore(
      intercept(table, () => Promise.reject(new Error("killed"))),
      clock,
    );
    const state = createTableStateStore(table, clock);
    const change = { next: row(1, { r: entry(NOW_MS) }), records: [record("one")] };
    await expect(dying.commit(subscription, 0, change)).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
    expect(await pointersIn(table)).not.toEqual([]);
    expect(await state.dueReceivers(NOW_MS, 10)).toEqual([]);
    expect(await state.dueSubscriptions("r", NOW_MS, 10)).toEqual([]);
    expect(await state.records({ limit: 10 })).toEqual([]);
    expect((await state.list(10)).rows).toEqual([]);
    // The message comes again, and its work is done.
    expect(await state.commit(subscription, 0, change)).toBe("committed");
    expect(await state.dueSubscriptions("r", NOW_MS, 10)).toEqual([subscription]);
    expect((await state.records({ limit: 10 })).map(({ id }) => id)).toEqual(["one"]);
    expect((await state.list(10)).rows).toHaveLength(1);
  });

  test("a commit whose answer was lost is no conflict when the client tries again", async () => {
    const table = await openTable();
    const state = createTableStateStore(
      intercept(table, async (actions, real) => {
        await real(actions);
        return real(actions);
      }),
      clock,
    );
    const change = { next: row(1), records: [record("one")] };
    expect(await state.commit(subscription, 0, change)).toBe("committed");
    expect(await state.commit(subscription, 1, { next: row(2), records: [] })).toBe("committed");
    expect(await state.commit(subscription, 1, { next: row(2), records: [] })).toBe("conflict");
  });

  test("reading what is due removes what no row will confirm any more", async () => {
    const table = await openTable();
    const state = createTableStateStore(table, clock);
    for (let version = 0; version < 5; version++) {
      const next = row(version + 1, { r: entry(NOW_MS - version) });
      await state.commit(subscription, version, { next, records: [] });
    }
    await state.commit(subscription, 5, { next: row(6, { r: entry() }), records: [] });
    expect((await pointersIn(table)).filter((key) => key.startsWith("d:"))).toHaveLength(5);
    expect(await state.dueSubscriptions("r", NOW_MS, 10)).toEqual([]);
    expect((await pointersIn(table)).filter((key) => key.startsWith("d:"))).toEqual([]);
  });

  test("the entry of a commit that is under way is not removed by who reads meanwhile", async () => {
    const table = await openTable();
    const state = createTableStateStore(table, clock);
    const slow = createTableStateStore(
      intercept(table, async (actions, real) => {
        expect(await state.dueSubscriptions("r", NOW_MS, 10)).toEqual([]);
        return real(actions);
      }),
      clock,
    );
    await slow.commit(subscription, 0, { next: row(1, { r: entry(NOW_MS) }), records: [] });
    expect(await state.dueSubscriptions("r", NOW_MS, 10)).toEqual([subscription]);
  });

  test("a writer that lost leaves nothing in the log", async () => {
    const table = await openTable();
    const state = createTableStateStore(table, clock);
    await state.commit(subscription, 0, { next: row(1), records: [record("won")] });
    const late = { next: row(1), records: [record("lost")] };
    expect(await state.commit(subscription, 0, late)).toBe("conflict");
    expect((await pointersIn(table)).filter((key) => key.startsWith("l:"))).toHaveLength(1);
  });

  test("pruning leaves no pointer to what is gone", async () => {
    const table = await openTable();
    const state = createTableStateStore(table, clock);
    await state.commit(subscription, 0, { records: [record("one"), record("two")] });
    expect(await state.prune(NOW_MS + 1)).toBe(2);
    expect((await pointersIn(table)).filter((key) => key.startsWith("l:"))).toEqual([]);
  });

  test("out of reach is STATE_UNAVAILABLE, without the request in its message", async () => {
    const state = createTableStateStore(azurite.table("neverthere"), clock);
    const failure = state.commit(subscription, 0, { next: row(1), records: [] });
    await expect(failure).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
    await expect(failure).rejects.not.toThrow(/devstoreaccount1/);
  });
});
