import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { MIGRATIONS } from "../../shared/adapters/node/sqlite/migrations.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import { createSqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { WorkClass } from "../../shared/work-class.ts";
import { describeStateStore } from "./state-store.suite.ts";
import { describeWorkQueue } from "./work-queue.suite.ts";

/** Values of `PRAGMA synchronous`. */
const NORMAL = 1;
const FULL = 2;

const openTemporary = () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-sqlite-"));
  const path = join(folder, "sluice.db");
  const database = openDatabase(path);
  let nowMs = 1_700_000_000_000;
  return {
    path,
    database,
    clock: { nowMs: () => nowMs },
    advance: async (ms: number) => {
      nowMs += ms;
    },
    close: async () => {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
};

describeWorkQueue("SQLite", async () => {
  const { database, clock, advance, close } = openTemporary();
  return { queue: createSqliteWorkQueue(database, clock), advance, close };
});

describeStateStore("SQLite", async () => {
  const { database, clock, advance, close } = openTemporary();
  return { state: createSqliteStateStore(database, clock), advance, nowMs: clock.nowMs, close };
});

describe("the state file", () => {
  test("that cannot grow is named, with the reason, and is written again once it can", async () => {
    const { path, database, clock, close } = openTemporary();
    const queue = createSqliteWorkQueue(database, clock);
    const receiver = "r".repeat(100_000);
    const pages = database.statement("PRAGMA page_count").get()?.page_count;
    database.statement(`PRAGMA max_page_count = ${pages}`).get();
    await expect(queue.send([{ id: "a", work: { kind: "deliver", receiver } }])).rejects.toMatchObject({
      code: "STATE_UNAVAILABLE",
      message: `${path}: the state file cannot be written (database or disk is full); look for space on its disk, its permissions, and who else holds it`,
    });
    database.statement("PRAGMA max_page_count = 100000").get();
    await queue.send([{ id: "a", work: { kind: "deliver", receiver } }]);
    expect((await queue.receive(1, 60_000)).map(({ id }) => id)).toEqual(["a"]);
    await close();
  });

  test("keeps everything over a restart and frees what a dead process held", async () => {
    const { path, database, clock, close } = openTemporary();
    const queue = createSqliteWorkQueue(database, clock);
    await queue.send([{ id: "a", work: { kind: "deliver", receiver: "r" } }]);
    await queue.receive(1, 60_000);
    const reopened = openDatabase(path);
    const restarted = createSqliteWorkQueue(reopened, clock);
    expect(await restarted.receive(1, 60_000)).toEqual([]);
    await restarted.freeAbandoned();
    expect((await restarted.receive(1, 60_000)).map(({ id }) => id)).toEqual(["a"]);
    await reopened.close();
    await close();
  });

  test("tries at once after a restart what waited after a failure, and not what waits for its time", async () => {
    const { database, clock, close } = openTemporary();
    const queue = createSqliteWorkQueue(database, clock);
    await queue.send([{ id: "a", work: { kind: "deliver", receiver: "r" } }]);
    const [received] = await queue.receive(1, 60_000);
    if (received === undefined) throw new Error("nothing received");
    await queue.retry(received, 300_000);
    await queue.send([{ id: "b", work: { kind: "deliver", receiver: "s" }, delayMs: 300_000 }]);
    await queue.freeAbandoned();
    expect((await queue.receive(10, 60_000)).map(({ id, receiveCount }) => [id, receiveCount])).toEqual([
      ["a", 2],
    ]);
    await close();
  });

  test("keeps one of several equal hints until it is complete", async () => {
    const { database, clock, close } = openTemporary();
    const queue = createSqliteWorkQueue(database, clock);
    const hint = { id: "deliver/r", work: { kind: "deliver", receiver: "r" } } as const;
    await queue.send([hint, hint]);
    await queue.send([hint]);
    const [received, ...others] = await queue.receive(10, 1_000);
    expect(others).toEqual([]);
    if (received === undefined) throw new Error("nothing received");
    await queue.complete(received);
    await queue.send([hint]);
    expect(await queue.receive(10, 1_000)).toHaveLength(1);
    await close();
  });

  test("hands out only the classes asked for, the first of them first", async () => {
    const { database, clock, close } = openTemporary();
    const queue = createSqliteWorkQueue(database, clock);
    const receive = async (limit: number, classes?: readonly WorkClass[]) =>
      (await queue.receive(limit, 1_000, classes)).map(({ id }) => id);
    await queue.send([
      { id: "d1", work: { kind: "deliver", receiver: "r1" } },
      { id: "d2", work: { kind: "deliver", receiver: "r2" }, delayMs: 5 },
      { id: "e", work: { kind: "evaluate", subscription: "s" } },
    ]);
    expect([queue.nextAtMs(["sweep"]), queue.nextAtMs(["deliver"])]).toEqual([undefined, clock.nowMs()]);
    expect(await receive(10, ["sweep"])).toEqual([]);
    expect(await receive(1, ["evaluate", "deliver"])).toEqual(["e"]);
    expect(await receive(10, ["push", "evaluate"])).toEqual([]);
    expect(await receive(10)).toEqual(["d1"]);
    expect(queue.nextAtMs(["sweep", "deliver"])).toBe(clock.nowMs() + 5);
    await queue.send([{ id: "a", work: { kind: "deliver", receiver: "r1", again: true } }]);
    expect(await receive(10, ["deliver"])).toEqual([]);
    expect(queue.nextAtMs(["redeliver"])).toBe(clock.nowMs());
    expect((await queue.receive(10, 1_000, ["redeliver"]))[0]?.work).toHaveProperty("again", true);
    await close();
  });

  test("of an older Sluice is migrated with the work in it", async () => {
    const { path, clock, close } = openTemporary();
    const olderPath = `${path}.older`;
    const older = new DatabaseSync(olderPath);
    older.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    const insert = older.prepare("INSERT INTO queue VALUES (?, ?, ?, ?, ?)");
    const work = JSON.stringify({ kind: "deliver", receiver: "r" });
    insert.run("b", work, 2, 3, null);
    insert.run("c", work, 1, 0, null);
    insert.run("a", work, clock.nowMs() + 1, 1, "held");
    older.close();
    const migrated = openDatabase(olderPath);
    const queue = createSqliteWorkQueue(migrated, clock);
    await queue.send([{ id: "b", work: { kind: "deliver", receiver: "twice" } }]);
    const received = await queue.receive(10, 1_000);
    expect(received.map(({ id, receiveCount }) => [id, receiveCount])).toEqual([
      ["c", 1],
      ["b", 4],
    ]);
    await queue.freeAbandoned();
    expect(queue.counts().waiting).toBe(3);
    await migrated.close();
    await close();
  });

  test("of a newer Sluice is refused in one line", async () => {
    const { path, database, close } = openTemporary();
    database.statement("PRAGMA user_version = 99").run();
    expect(() => openDatabase(path)).toThrowError(PipelineError);
    expect(() => openDatabase(path)).toThrowError(/schema version 99/);
    await close();
  });

  test("one failing write does not take its neighbours in the same commit along", async () => {
    const { database, clock, close } = openTemporary();
    const state = createSqliteStateStore(database, clock);
    const bad = database.write("durable", () => {
      throw new Error("boom");
    });
    const good = state.markDone("k", clock.nowMs() + 1);
    await expect(bad).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
    await good;
    expect(await state.isDone("k")).toBe(true);
    await close();
  });

  test("syncs each push, and no mere hint", async () => {
    const { database, clock, close } = openTemporary();
    const queue = createSqliteWorkQueue(database, clock);
    const lastSynchronous = () => database.statement("PRAGMA synchronous").get()?.synchronous;
    const push = { source: "zot", kind: "artifact" } as const;
    await queue.send([{ id: "a", work: { kind: "deliver", receiver: "r" } }]);
    expect(lastSynchronous()).toBe(NORMAL);
    await queue.send([
      { id: "b", work: { kind: "deliver", receiver: "r" } },
      { id: "c", work: { kind: "push", push, receivedAtMs: 1, authenticated: true } },
    ]);
    expect(lastSynchronous()).toBe(FULL);
    expect(database.statement("PRAGMA journal_mode").get()?.journal_mode).toBe("wal");
    await close();
  });
});
