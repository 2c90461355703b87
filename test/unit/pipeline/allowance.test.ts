import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createLocalDocuments, type Documents } from "../../../shared/pipeline/documents.ts";
import { type Allowance, createAllowance } from "../../../shared/pipeline/sweep/allowance.ts";

const START_MS = 1_700_000_000_000;
const WINDOW_MS = 60_000;

let nowMs = START_MS;
const clock = { nowMs: () => nowMs };
beforeEach(() => {
  nowMs = START_MS;
});

const createCounted = () => {
  const documents = createLocalDocuments();
  const calls = { loads: 0, saves: 0 };
  const counted: Documents = {
    loadDocument: (key) => {
      calls.loads += 1;
      return documents.loadDocument(key);
    },
    saveDocument: (key, version, value) => {
      calls.saves += 1;
      return documents.saveDocument(key, version, value);
    },
  };
  return { documents: counted, calls };
};

const create = (perWindow: number, documents: Documents = createLocalDocuments()): Allowance =>
  createAllowance({ name: "events", perWindow, windowMs: WINDOW_MS }, documents, clock);

const takeMany = async (allowance: Allowance, times: number, key = "a"): Promise<number> => {
  let granted = 0;
  for (let turn = 0; turn < times; turn++) if ((await allowance.take(key, 1)) === undefined) granted += 1;
  return granted;
};

describe("an allowance", () => {
  test("grants so many in a window, says how long to wait, and grants again in the next one", async () => {
    const allowance = create(7);
    expect(await takeMany(allowance, 10)).toBe(7);
    nowMs += 20_000;
    expect(await allowance.take("a", 1)).toBe(40_000);
    nowMs += 40_000;
    expect(await takeMany(allowance, 10)).toBe(7);
  });

  test("is one for each key", async () => {
    const allowance = create(2);
    expect([await takeMany(allowance, 5, "a"), await takeMany(allowance, 5, "b")]).toEqual([2, 2]);
  });

  test("lets small ones in where a large one does not fit, and a huge one into an unused window", async () => {
    const allowance = create(10);
    expect(await allowance.take("a", 6)).toBeUndefined();
    expect(await allowance.take("a", 6)).toBe(WINDOW_MS);
    expect(await allowance.take("a", 4)).toBeUndefined();
    expect(await allowance.take("b", 5_000)).toBeUndefined();
    expect(await allowance.take("b", 1)).toBe(WINDOW_MS);
  });

  test("is shared by all instances over the same documents", async () => {
    const { documents } = createCounted();
    const instances = [create(100, documents), create(100, documents), create(100, documents)];
    const granted = await Promise.all(instances.map((one) => takeMany(one, 100)));
    expect(granted.reduce((sum, one) => sum + one, 0)).toBe(100);
  });

  test("asks the state for a share at a time, and not at all once it is used up", async () => {
    const { documents, calls } = createCounted();
    const allowance = create(1_000, documents);
    await Promise.all(Array.from({ length: 50 }, () => allowance.take("a", 1)));
    // 8, 16 and 32 of them.
    expect(calls).toEqual({ loads: 3, saves: 3 });
    await takeMany(allowance, 950);
    expect(calls.saves).toBeLessThan(25);
    const before = calls.loads;
    expect(await takeMany(allowance, 100)).toBe(0);
    expect(calls.loads).toBe(before);
  });

  test("loses little with instances that end at once", async () => {
    const { documents } = createCounted();
    for (let life = 0; life < 50; life++) expect(await create(2_000, documents).take("a", 1)).toBeUndefined();
    expect(await takeMany(create(2_000, documents), 2_000)).toBe(2_000 - 50 * 8);
  });

  test("that is paused grants nothing until then, to no instance", async () => {
    const { documents } = createCounted();
    const [one, other] = [create(1_000, documents), create(1_000, documents)];
    await one.pause("a", 90_000);
    expect([await one.take("a", 1), await other.take("a", 1)]).toEqual([90_000, 90_000]);
    expect(await other.take("b", 1)).toBeUndefined();
    await other.pause("a", 30_000);
    nowMs += 89_000;
    expect(await other.take("a", 1)).toBe(1_000);
    nowMs += 1_000;
    expect([await one.take("a", 1), await other.take("a", 1)]).toEqual([undefined, undefined]);
  });

  test("counts what was begun beyond the window, however instances share it and others take", async () => {
    const step = fc.record({ instance: fc.nat(2), begins: fc.boolean(), waitMs: fc.nat(20_000) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.array(step), async (perWindow, steps) => {
        nowMs = START_MS;
        const documents = createLocalDocuments();
        const instances = [1, 2, 3].map(() =>
          createAllowance({ name: "sweep", perWindow, windowMs: WINDOW_MS }, documents, clock),
        );
        let charged = 0;
        for (const { instance, begins, waitMs } of steps) {
          nowMs += waitMs;
          if (begins) await instances[instance]?.begin("a");
          else {
            expect(await instances[instance]?.charge("a")).toBeUndefined();
            charged += 1;
          }
        }
        // However much was overdrawn, so many windows later it is paid for, and not before.
        let windows = 0;
        for (
          const fresh = createAllowance({ name: "sweep", perWindow, windowMs: WINDOW_MS }, documents, clock);
          ;
        ) {
          const waitMs = await fresh.begin("a");
          if (waitMs === undefined) break;
          nowMs += waitMs;
          windows += 1;
        }
        expect(windows).toBeLessThanOrEqual(Math.floor(charged / perWindow) + 3);
      }),
      { numRuns: 100 },
    );
  });

  test("throws what the state throws", async () => {
    const failing: Documents = {
      loadDocument: () => Promise.reject(new Error("down")),
      saveDocument: () => Promise.reject(new Error("down")),
    };
    await expect(create(1, failing).take("a", 1)).rejects.toThrow("down");
  });

  test("never grants more than there is, whoever asks for how many and when", async () => {
    const step = fc.record({
      instance: fc.nat(2),
      count: fc.integer({ min: 1, max: 40 }),
      waitMs: fc.nat(20_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.array(step), async (perWindow, steps) => {
        nowMs = START_MS;
        const { documents } = createCounted();
        const instances = [1, 2, 3].map(() => create(perWindow, documents));
        const grants: { readonly atMs: number; readonly count: number }[] = [];
        for (const { instance, count, waitMs } of steps) {
          nowMs += waitMs;
          const wait = await instances[instance]?.take("a", count);
          if (wait === undefined) grants.push({ atMs: nowMs, count: Math.min(count, perWindow) });
          else expect(wait).toBeGreaterThan(0);
        }
        // Windows follow each other, so two of them may lie in any span of one window's length.
        for (const { atMs } of grants) {
          const span = grants.filter((one) => one.atMs >= atMs && one.atMs < atMs + WINDOW_MS);
          expect(span.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(2 * perWindow);
        }
      }),
      { numRuns: 100 },
    );
  });
});
