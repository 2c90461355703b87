import { beforeEach, describe, expect, test } from "vitest";
import { isInLane } from "../../../shared/pipeline/deliver/lanes.ts";
import { createHarness, digestOf, type Harness, RECEIVER, START_MS, subscriptionOf } from "./harness.ts";

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const withObjects = async (count: number): Promise<void> => {
  at.world.subscriptions = Array.from({ length: count }, (_, index) =>
    subscriptionOf({ id: `s${index}`, target: { ...subscriptionOf().object, name: `o${index}` } }),
  );
  await at.sweep();
};

describe("a burst for one receiver", () => {
  test("is gathered into one request", async () => {
    at.world.gatherMs = 100;
    await at.publish("1.1.0");
    expect(at.sent).toEqual([]);
    at.world.subscriptions = [subscriptionOf(), subscriptionOf({ id: "second" })];
    await at.sweep();
    at.setNow(START_MS + 60);
    await at.publish("1.2.0");
    expect(at.sent).toEqual([]);
    await at.advance(45);
    expect(at.sent.map(({ body }) => body.changes.map(({ tag }) => tag))).toEqual([["1.2.0", "1.2.0"]]);
    await at.advance(1_000);
    expect(at.sent).toHaveLength(1);
  });

  test("a retry is not brought forward by it", async () => {
    at.world.gatherMs = 100;
    at.world.outcome = "unavailable";
    await at.publish("1.1.0");
    await at.advance(100);
    expect(at.sent).toHaveLength(1);
    await at.advance(950);
    expect(at.sent).toHaveLength(1);
    await at.advance(100);
    expect(at.sent).toHaveLength(2);
  });
});

describe("concurrency", () => {
  test("spreads objects over lanes, each object in one of them", () => {
    for (let object = 0; object < 50; object++) {
      const lanes = [0, 1, 2, 3].filter((index) => isInLane(`OCIRepository/apps/o${object}`, index, 4));
      expect(lanes).toHaveLength(1);
    }
  });

  test.each([
    [1, 1],
    [4, 4],
  ])(
    "of %i: at most as many requests at the same time, none for the same object",
    async (concurrency, most) => {
      await withObjects(40);
      at.world.handling = { ...at.world.handling, concurrency };
      let out = 0;
      let peak = 0;
      at.world.duringSend = async () => {
        out += 1;
        peak = Math.max(peak, out);
        for (let turn = 0; turn < 20; turn++) await Promise.resolve();
        out -= 1;
      };
      await at.publish("1.1.0");
      await at.advance(3_000);
      expect(peak).toBe(most);
      const objects = at.sent.flatMap(({ body }) => body.changes.map(({ object }) => object.name));
      expect(objects.sort()).toEqual(Array.from({ length: 40 }, (_, index) => `o${index}`).sort());
    },
  );

  test.each([
    [2, 1],
    [1, 2],
    [3, 2],
  ])("of %i keeps off who was started with %i: objects would have two lanes", async (first, second) => {
    await withObjects(40);
    at.world.handling = { ...at.world.handling, concurrency: first };
    let meanwhile: number | undefined;
    at.world.duringSend = async () => {
      if (meanwhile !== undefined) return;
      meanwhile = 0;
      // Those who started together are all out by then.
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      const before = at.sent.length;
      at.world.handling = { ...at.world.handling, concurrency: second };
      await at.pipeline.run({ kind: "deliver", receiver: RECEIVER }, at.signal);
      meanwhile = at.sent.length - before;
    };
    await at.publish("1.1.0");
    expect([meanwhile, at.told().length]).toEqual([0, 40]);
    // The lease of those who divided it before is over some time; the others wait for that, and no longer.
    await at.publish("1.2.0");
    await at.advance(61_000);
    await at.advance(2_000);
    expect(at.told()).toHaveLength(80);
  });

  test("a lane that another worker has holds up only its own objects", async () => {
    await withObjects(40);
    at.world.handling = { ...at.world.handling, concurrency: 2 };
    await at.state.claim(`deliver/${RECEIVER}#1`, "another worker", START_MS + 5_000);
    await at.publish("1.1.0");
    const told = at.told().length;
    expect(told).toBeGreaterThan(5);
    expect(told).toBeLessThan(35);
    for (let second = 0; second < 8; second++) await at.advance(1_000);
    expect(at.told()).toHaveLength(40);
  });
});

test("a rate leaves time between two requests, and loses nothing", async () => {
  at.world.handling = { ...at.world.handling, intervalMs: 10_000 };
  const times: number[] = [];
  at.world.duringSend = async () => void times.push(at.deps.clock.nowMs() - START_MS);
  await at.publish("1.1.0");
  await at.advance(1_000);
  await at.publish("1.2.0");
  await at.advance(1_000);
  await at.publish("1.3.0");
  expect(times).toEqual([0]);
  await at.advance(8_000);
  await at.advance(10_000);
  expect(times).toEqual([0, 10_000]);
  expect(at.told()).toEqual(["1.1.0", "1.3.0"]);
});

describe("410", () => {
  test("disables the whole receiver: what is due later is kept and not sent", async () => {
    at.world.outcome = "gone";
    await at.publish("1.1.0");
    at.world.outcome = "accepted";
    await at.publish("1.2.0");
    for (let hour = 0; hour < 30; hour++) await at.advance(3_600_000);
    expect(at.told()).toEqual(["1.1.0"]);
    expect((await at.stateOf()).outbox[RECEIVER]).toMatchObject({
      tag: "1.2.0",
      state: "disabled",
      reason: "gone",
      parked: { configuration: "c1" },
    });
    expect(await at.state.dueReceivers(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });
});

test("an absent neighbour is said once, after some 500s", async () => {
  at.world.outcome = "failed-in-cluster";
  await at.publish("1.1.0");
  for (let minute = 0; minute < 30; minute++) await at.advance(60_000);
  expect(at.log.filter(({ event }) => event === "neighbour-absent")).toEqual([
    {
      event: "neighbour-absent",
      fields: { receiver: RECEIVER, subscription: subscriptionOf().id, attempts: 5 },
    },
  ]);
  expect((await at.stateOf()).outbox[RECEIVER]?.reason).toBe("absent-neighbour");
});
