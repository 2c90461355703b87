import { beforeEach, describe, expect, test } from "vitest";
import {
  enableReceiver,
  listDead,
  listDeliveries,
  replayDeliveries,
} from "../../../shared/pipeline/deliver/deliveries.ts";
import type { DeadLetter } from "../../../shared/ports.ts";
import { createHarness, digestOf, type Harness, RECEIVER, START_MS, subscriptionOf } from "./harness.ts";

const OTHER = "c/apps/other";

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const entryOf = async (receiver = RECEIVER) => (await at.stateOf()).outbox[receiver];

/** Parks 1.1.0 for good. */
const park = async (): Promise<void> => {
  at.world.outcome = "too-large";
  await at.publish("1.1.0");
  at.world.outcome = "accepted";
};

describe("a parked delivery", () => {
  test("says since when, why, and what the receiver was reached by", async () => {
    await park();
    expect(await entryOf()).toMatchObject({
      state: "parked",
      reason: "too-large",
      parked: { atMs: START_MS, configuration: "c1", secrets: "s1" },
    });
    const attempts = at.state.all().filter(({ kind }) => kind === "attempt");
    expect(attempts).toMatchObject([{ outcome: "too-large", next: "parked" }]);
  });

  test("stays while the configuration does, and is due once it is another", async () => {
    await park();
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0"]);
    at.world.handling = { ...at.world.handling, configuration: "c2" };
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0", "1.1.0"]);
    expect(await entryOf()).toMatchObject({ state: "accepted", attempts: 2 });
    expect((await entryOf())?.reason).toBeUndefined();
    expect(at.log.map(({ event }) => event)).toContain("delivery-rearmed");
  });

  test.each([
    { now: "s1", told: 1 },
    { now: "s2", told: 2 },
    { now: undefined, told: 1 },
  ])(
    "parked while its receiver was shown s1 is told $told times once that is $now",
    async ({ now, told }) => {
      await park();
      at.world.secrets = now;
      await at.sweep();
      expect(at.told()).toHaveLength(told);
    },
  );

  test("parked with secrets that could not be used goes out once they can", async () => {
    at.world.secrets = undefined;
    await park();
    await at.sweep();
    expect(at.told()).toHaveLength(1);
    at.world.secrets = "s1";
    await at.sweep();
    expect(at.told()).toHaveLength(2);
  });

  test("counts its requests on, and says how many came before", async () => {
    at.world.outcome = "not-found";
    await at.publish("1.1.0");
    for (let minute = 0; minute < 12; minute++) await at.advance(60_000);
    const { attempts = 0 } = (await entryOf()) ?? {};
    expect(attempts).toBeGreaterThan(3);
    at.world.outcome = "accepted";
    await replayDeliveries(at.deps, {});
    await at.drain();
    expect(await entryOf()).toMatchObject({ attempts: attempts + 1, rearmed: { attempts } });
    const numbers = at.state.all().flatMap((one) => (one.kind === "attempt" ? [one.attempt] : []));
    expect(numbers).toEqual(Array.from({ length: attempts + 1 }, (_, index) => index + 1));
  });

  test("gets its whole schedule again", async () => {
    at.world.outcome = "not-found";
    await at.publish("1.1.0");
    for (let minute = 0; minute < 12; minute++) await at.advance(60_000);
    expect((await entryOf())?.state).toBe("parked");
    expect((await replayDeliveries(at.deps, {})).replayed).toHaveLength(1);
    await at.drain();
    for (let minute = 0; minute < 8; minute++) await at.advance(60_000);
    expect((await entryOf())?.state).toBe("due");
    for (let minute = 0; minute < 4; minute++) await at.advance(60_000);
    expect((await entryOf())?.state).toBe("parked");
  });

  test("is not told any more once Flux would take something unverified instead", async () => {
    await park();
    await at.publish("1.2.0", "unsigned");
    const { replayed, outdated } = await replayDeliveries(at.deps, {});
    expect([replayed.length, outdated.length]).toEqual([0, 1]);
    at.world.handling = { ...at.world.handling, configuration: "c2" };
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0"]);
  });
});

describe("replay", () => {
  beforeEach(async () => {
    at.world.subscriptions = [
      subscriptionOf({ receivers: [RECEIVER] }),
      subscriptionOf({ id: "second", receivers: [OTHER] }),
    ];
    await at.sweep();
    at.setNow(START_MS + 10_000);
    await park();
  });

  test.each([
    [{}, [RECEIVER, OTHER]],
    [{ receiver: OTHER }, [OTHER]],
    [{ subscription: "second" }, [OTHER]],
    [{ reason: "too-large" }, [RECEIVER, OTHER]],
    [{ reason: "not-found" }, []],
    [{ parkedFromMs: START_MS + 10_000 }, [RECEIVER, OTHER]],
    [{ parkedFromMs: START_MS + 10_001 }, []],
    [{ receiver: "nobody" }, []],
  ])("%j", async (filter, expected) => {
    const { replayed } = await replayDeliveries(at.deps, filter);
    expect(replayed.map(({ receiver }) => receiver).sort()).toEqual([...expected].sort());
    const before = at.sent.length;
    await at.drain();
    expect(
      at.sent
        .slice(before)
        .map(({ receiver }) => receiver.id)
        .sort(),
    ).toEqual([...expected].sort());
  });

  test("twice is once", async () => {
    await replayDeliveries(at.deps, {});
    expect((await replayDeliveries(at.deps, {})).replayed).toEqual([]);
  });
});

describe("a receiver that said 410", () => {
  test("is told what was kept for it, once a person enables it", async () => {
    at.world.outcome = "gone";
    await at.publish("1.1.0");
    at.world.outcome = "accepted";
    await at.publish("1.2.0");
    expect(at.told()).toEqual(["1.1.0"]);
    expect((await replayDeliveries(at.deps, {})).replayed).toEqual([]);
    expect(await enableReceiver(at.deps, RECEIVER)).toEqual({ wasDisabled: true, replayed: 1 });
    await at.drain();
    expect(at.told()).toEqual(["1.1.0", "1.2.0"]);
    expect(await enableReceiver(at.deps, RECEIVER)).toEqual({ wasDisabled: false, replayed: 0 });
  });
});

test("deliveries are found by state, over all pages", async () => {
  await park();
  const parked = await at.stateOf();
  for (let index = 1; index < 1_203; index++) {
    const next = { ...parked, subscription: `s${index}`, version: 1 };
    await at.state.commit(next.subscription, 0, { next, records: [] });
  }
  const found = [];
  for await (const { row } of listDeliveries(at.state, { states: ["parked"] })) found.push(row.subscription);
  expect(new Set(found).size).toBe(1_203);
});

describe("dead messages", () => {
  const letters: readonly DeadLetter[] = [
    {
      id: "a",
      work: { kind: "deliver", receiver: RECEIVER },
      reason: "STATE_UNAVAILABLE: gone",
      atMs: 1_000,
    },
    { id: "b", work: { kind: "evaluate", subscription: "s" }, reason: "REGISTRY_DENIED: no", atMs: 2_000 },
    { id: "c", reason: "the message is not JSON", atMs: 3_000 },
  ];
  test.each([
    [{}, ["a", "b", "c"]],
    [{ ids: ["b"] }, ["b"]],
    [{ receiver: RECEIVER }, ["a"]],
    [{ reason: "not JSON" }, ["c"]],
    [{ fromMs: 2_000 }, ["b", "c"]],
  ])("%j", async (filter, expected) => {
    const dead = { list: async () => letters, replay: async () => 0 };
    expect((await listDead(dead, filter, 10)).map(({ id }) => id)).toEqual(expected);
  });
});
