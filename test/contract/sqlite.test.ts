import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import { createSqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import { PipelineError } from "../../shared/errors.ts";
import { describeStateStore } from "./state-store.suite.ts";
import { describeWorkQueue } from "./work-queue.suite.ts";

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

  test("runs with full synchronous commits", async () => {
    const { database, clock, close } = openTemporary();
    await createSqliteWorkQueue(database, clock).send([
      { id: "a", work: { kind: "deliver", receiver: "r" } },
    ]);
    expect(database.statement("PRAGMA synchronous").get()?.synchronous).toBe(2);
    expect(database.statement("PRAGMA journal_mode").get()?.journal_mode).toBe("wal");
    await close();
  });
});
