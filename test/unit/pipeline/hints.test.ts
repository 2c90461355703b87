import { describe, expect, test } from "vitest";
import { changeCircuit, loadCircuit } from "../../../shared/pipeline/deliver/circuit-store.ts";
import { replayDeliveries } from "../../../shared/pipeline/deliver/deliveries.ts";
import { hintDelivery } from "../../../shared/pipeline/hints.ts";
import { toWorkClass } from "../../../shared/work-class.ts";
import { createHarness, DEADLINE_MS, digestOf, RECEIVER, START_MS, subscriptionOf } from "./harness.ts";

describe("a hint", () => {
  test.each([
    [0, undefined, `deliver/r/why/0`, undefined],
    [10, 5, "deliver/r/why/5", undefined],
    [10, 10, "deliver/r/why/10", undefined],
    [10, 25, "deliver/r/why/25", 15],
  ])("at %i for %s", (nowMs, atMs, id, delayMs) => {
    const { id: actual, delayMs: delay, work } = hintDelivery("r", "why", nowMs, atMs);
    expect({ id: actual, delay, work }).toEqual({
      id,
      delay: delayMs,
      work: { kind: "deliver", receiver: "r" },
    });
  });

  test("for the next check follows each look at a pending selection, to the deadline", async () => {
    const at = createHarness();
    await at.publish("1.0.0", "unsigned");
    const times: number[] = [];
    for (let next = at.queue.nextAtMs(); next !== undefined; next = at.queue.nextAtMs()) {
      times.push(next - at.deps.clock.nowMs());
      await at.advance(next - at.deps.clock.nowMs());
    }
    expect(times).toEqual([15_000, 15_000, 30_000, 60_000]);
    expect(times.reduce((sum, one) => sum + one)).toBe(DEADLINE_MS);
    expect((await at.stateOf()).selection).toMatchObject({ status: "rejected", checks: 5 });
  });
});

describe("a delivery comes again", () => {
  /** Classes of the hints for deliveries that are sent from here on. */
  const listen = (at: ReturnType<typeof createHarness>): string[] => {
    const classes: string[] = [];
    const { send } = at.queue;
    at.queue.send = async (messages) => {
      classes.push(...messages.map(({ work }) => toWorkClass(work)).filter((one) => /deliver/.test(one)));
      await send(messages);
    };
    return classes;
  };
  const start = async () => {
    const at = createHarness();
    at.tags.set("1.0.0", digestOf("1.0.0"));
    await at.sweep();
    return at;
  };

  test.each([
    ["accepted", ["deliver"], ["deliver"]],
    ["unavailable", ["deliver", "redeliver"], ["redeliver", "redeliver"]],
    ["denied", ["deliver"], ["redeliver"]],
  ] as const)("after an attempt that was %s, a newer decision included", async (outcome, once, newer) => {
    const at = await start();
    at.world.outcome = outcome;
    const classes = listen(at);
    await at.publish("1.1.0");
    expect(classes.splice(0)).toEqual(once);
    await at.publish("1.2.0");
    expect(classes).toEqual(newer);
  });

  test.each([
    [900, "deliver"],
    [1_100, "redeliver"],
  ])("to who was not told for %i ms of what is due: %s", async (waitedMs, expected) => {
    const at = await start();
    await at.publish("1.1.0");
    at.world.gatherMs = 100;
    await at.publish("1.2.0");
    at.setNow(START_MS + 100 + waitedMs);
    at.queue.lose(() => true);
    const classes = listen(at);
    await at.publish("1.3.0");
    expect(classes).toEqual([expected]);
  });

  test("when its hint was lost, and when a person replays it", async () => {
    const at = await start();
    at.world.outcome = "denied";
    await at.publish("1.1.0");
    const classes = listen(at);
    await replayDeliveries(at.deps, {});
    expect(classes.splice(0)).toEqual(["redeliver"]);
    at.queue.lose(() => true);
    await at.pipeline.sweepDue();
    expect(classes).toEqual(["redeliver"]);
  });
});

describe("the sweep", () => {
  test("asks once for each repository, spread over time, and again under another catalog", async () => {
    const at = createHarness([subscriptionOf(), subscriptionOf({ id: "same repository" })]);
    await at.pipeline.sweepRepositories(10_000);
    await at.pipeline.sweepRepositories(10_000);
    expect(at.queue.size()).toBe(1);
    expect(at.queue.nextAtMs()).toBe(at.deps.clock.nowMs() + 5_000);
    at.world.catalogVersion = "c2";
    await at.pipeline.sweepRepositories(0);
    expect(at.queue.size()).toBe(2);
  });

  test("finds a version whose event never came", async () => {
    const at = createHarness();
    await at.sweep();
    at.tags.set("1.1.0", digestOf("1.1.0"));
    at.signed.set(digestOf("1.1.0"), "verified");
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0"]);
    expect(at.log.map(({ event }) => event)).toContain("sweep-recovered");
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("puts nothing on the queue when nothing is due", async () => {
    const at = createHarness();
    await at.publish("1.0.0");
    await at.pipeline.sweepDue();
    expect(at.queue.size()).toBe(0);
  });
});

describe("a receiver's circuit", () => {
  test("is closed until it is changed, and is kept", async () => {
    const { deps } = createHarness();
    expect(await loadCircuit(deps, RECEIVER)).toEqual({ state: "closed", failures: 0 });
    await changeCircuit(deps, RECEIVER, () => ({ state: "closed", failures: 3 }));
    expect(await loadCircuit(deps, RECEIVER)).toEqual({ state: "closed", failures: 3 });
    expect(await loadCircuit(deps, "another")).toEqual({ state: "closed", failures: 0 });
  });

  test("is not written when nothing changed", async () => {
    const { deps, state } = createHarness();
    await changeCircuit(deps, RECEIVER, (circuit) => ({ ...circuit }));
    expect(await state.loadDocument(`circuit/${RECEIVER}`)).toBeUndefined();
  });

  test("of two changes at once one counts", async () => {
    const { deps } = createHarness();
    await changeCircuit(deps, RECEIVER, () => ({ state: "closed", failures: 1 }));
    const more = () => changeCircuit(deps, RECEIVER, () => ({ state: "closed", failures: 2 }));
    await Promise.all([more(), more()]);
    expect(await loadCircuit(deps, RECEIVER)).toEqual({ state: "closed", failures: 2 });
  });
});
