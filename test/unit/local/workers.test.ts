import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startWorkers, toLanes, type Workers } from "../../../functions/local/workers.ts";
import { type Database, openDatabase } from "../../../shared/adapters/node/sqlite/database.ts";
import {
  createSqliteWorkQueue,
  type SqliteWorkQueue,
} from "../../../shared/adapters/node/sqlite/work-queue.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { Work } from "../../../shared/ports.ts";

const PUSH: Work = {
  kind: "push",
  push: { source: "s", kind: "artifact", registry: "r", repository: "a", tag: "1" },
  receivedAtMs: 1,
  authenticated: true,
};
const deliverTo = (receiver: string): Work => ({ kind: "deliver", receiver });

describe("workers", () => {
  const clock = { nowMs: Date.now };
  let folder = "";
  let database: Database;
  let queue: SqliteWorkQueue;
  let workers: Workers | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-workers-"));
    database = openDatabase(join(folder, "sluice.db"));
    queue = createSqliteWorkQueue(database, clock);
  });
  afterEach(async () => {
    await workers?.stop(0);
    workers = undefined;
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const start = (run: (work: Work) => Promise<void>, maxAttempts = 300): void => {
    workers = startWorkers({
      queue,
      clock,
      random: { fraction: () => 0 },
      log: () => {},
      pipeline: { run, sweepDue: async () => {}, sweepRepositories: async () => {} },
      lanes: toLanes(2, 3),
      maxAttempts,
      workTimeoutMs: 60_000,
    });
  };
  const sendAll = (works: readonly Work[]) =>
    queue.send(works.map((work, index) => ({ id: `${index}`, work })));

  test("many receivers that hang do not hold up a push, nor more than their own slots", async () => {
    let hanging = 0;
    const hung = Promise.withResolvers<void>();
    const pushed = Promise.withResolvers<void>();
    start(async (work) => {
      if (work.kind === "push") return pushed.resolve();
      hanging += 1;
      await hung.promise;
    });
    await sendAll(Array.from({ length: 20 }, (_, index) => deliverTo(`r${index}`)));
    await queue.send([{ id: "push", work: PUSH }]);
    await pushed.promise;
    expect(hanging).toBe(3);
    hung.resolve();
  });

  test("a sweep of everything does not hold up a push", async () => {
    const hung = Promise.withResolvers<void>();
    const pushed = Promise.withResolvers<void>();
    start((work) => (work.kind === "sweep" ? hung.promise : Promise.resolve(pushed.resolve())));
    await sendAll(
      Array.from(
        { length: 20 },
        (_, index): Work => ({
          kind: "sweep",
          repository: { registry: "r", repository: `a${index}` },
        }),
      ),
    );
    await queue.send([{ id: "push", work: PUSH }]);
    await pushed.promise;
    hung.resolve();
  });

  test("work that fails is parked after as many tries as the limit says", async () => {
    let tries = 0;
    start(async () => {
      tries += 1;
      throw new PipelineError("again", { code: "REGISTRY_BEHIND_EVENT", retryAfterMs: 1 });
    }, 3);
    await queue.send([{ id: "push", work: PUSH }]);
    await expect.poll(() => queue.counts().parked, { timeout: 10_000 }).toBe(1);
    expect(tries).toBe(3);
    expect((await queue.deadLetters.list(1))[0]?.reason).toBe("gave up after 3 tries: again");
  });
});
