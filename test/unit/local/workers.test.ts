import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startWorkers, toLanes, WAITING_FACTOR, type Workers } from "../../../functions/local/workers.ts";
import { type Database, openDatabase } from "../../../shared/adapters/node/sqlite/database.ts";
import {
  createSqliteWorkQueue,
  type SqliteWorkQueue,
} from "../../../shared/adapters/node/sqlite/work-queue.ts";
import type { ClusterEvent } from "../../../shared/cluster-event.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { Work } from "../../../shared/ports.ts";
import { toWorkClass, WORK_CLASSES } from "../../../shared/work-class.ts";

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

  const start = (
    run: (work: Work) => Promise<void>,
    { maxAttempts = 300, patienceMs = 60_000 }: { maxAttempts?: number; patienceMs?: number } = {},
  ): void => {
    workers = startWorkers({
      queue,
      clock,
      random: { fraction: () => 0 },
      log: () => {},
      pipeline: { run, sweepDue: async () => {}, sweepRepositories: async () => {} },
      lanes: toLanes(2, 3, patienceMs),
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

  test("receivers that hang leave their slots to others, up to a limit", async () => {
    let hanging = 0;
    const hung = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    start(
      async (work) => {
        if (work.kind === "deliver" && work.receiver === "healthy") return told.resolve();
        hanging += 1;
        await hung.promise;
      },
      { patienceMs: 20 },
    );
    await sendAll(Array.from({ length: 20 }, (_, index) => deliverTo(`r${index}`)));
    await queue.send([{ id: "healthy", work: deliverTo("healthy") }]);
    await told.promise;
    expect(hanging).toBe(20);
    const many = Array.from({ length: 100 }, (_, index) => ({
      id: `m${index}`,
      work: deliverTo(`m${index}`),
    }));
    await queue.send(many);
    await expect.poll(() => hanging, { timeout: 10_000 }).toBe(3 * WAITING_FACTOR);
    hung.resolve();
    await expect.poll(() => hanging, { timeout: 10_000 }).toBe(120);
  });

  test("what comes again holds one of the slots while others come for the first time, and then all", async () => {
    const first = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    let again = 0;
    start(async (work) => {
      if (work.kind !== "deliver") return;
      if (work.again === true) {
        again += 1;
        await rest.promise;
      } else if (work.receiver === "first") await first.promise;
      else told.resolve();
    });
    await queue.send([{ id: "first", work: deliverTo("first") }]);
    const failed = Array.from({ length: 20 }, (_, index) => ({
      id: `again${index}`,
      work: { kind: "deliver", receiver: `r${index}`, again: true } as const,
    }));
    await queue.send(failed);
    await expect.poll(() => again, { timeout: 10_000 }).toBe(1);
    await queue.send([{ id: "another", work: deliverTo("another") }]);
    await told.promise;
    expect(again).toBe(1);
    first.resolve();
    await expect.poll(() => again, { timeout: 10_000 }).toBe(3);
    rest.resolve();
    await expect.poll(() => again, { timeout: 10_000 }).toBe(20);
  });

  test("every class of work is done", async () => {
    const event: ClusterEvent = {
      cluster: "c",
      key: "k",
      timeMs: 1,
      object: { apiVersion: "v1", kind: "OCIRepository", namespace: "a", name: "b" },
      severity: "info",
      reason: "NewArtifact",
      message: "",
    };
    const works: readonly Work[] = [
      PUSH,
      deliverTo("r"),
      { kind: "deliver", receiver: "s", again: true },
      { kind: "evaluate", subscription: "s" },
      { kind: "sweep", repository: { registry: "r", repository: "a" } },
      { kind: "confirm", event, receivedAtMs: 1 },
    ];
    const done = new Set<string>();
    start(async (work) => void done.add(toWorkClass(work)));
    await sendAll(works);
    await expect.poll(() => [...done].toSorted(), { timeout: 10_000 }).toEqual([...WORK_CLASSES].toSorted());
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
    start(
      async () => {
        tries += 1;
        throw new PipelineError("again", { code: "REGISTRY_BEHIND_EVENT", retryAfterMs: 1 });
      },
      { maxAttempts: 3 },
    );
    await queue.send([{ id: "push", work: PUSH }]);
    await expect.poll(() => queue.counts().parked, { timeout: 10_000 }).toBe(1);
    expect(tries).toBe(3);
    expect((await queue.deadLetters.list(1))[0]?.reason).toBe("gave up after 3 tries: again");
  });
});
