import { describe, expect, test } from "vitest";
import { CLOSED } from "../../../shared/delivery/circuit.ts";
import { changeCircuit, loadCircuit } from "../../../shared/pipeline/deliver/circuit-store.ts";
import { enableReceiver, listAll, replayDeliveries } from "../../../shared/pipeline/deliver/deliveries.ts";
import { createFeedWorld, PAGER } from "./feed-world.ts";
import { START_MS } from "./harness.ts";

const MINUTE_MS = 60_000;

describe("an endpoint", () => {
  test("that fails for a while gets the same again under the same id, and the rest after it", async () => {
    const at = createFeedWorld();
    await at.open();
    at.world.answers = () => "server-error";
    const ids = [await at.decide("reject"), await at.decide("reject")];
    const againAtMs = (await at.tell()) ?? 0;
    expect(againAtMs - at.nowMs()).toBe(1_000);
    expect(await at.tell()).toBe(againAtMs);
    expect(at.heard()).toEqual([ids[0]]);
    at.world.answers = () => "accepted";
    at.pass(1_000);
    expect(await at.tell()).toBeUndefined();
    expect(at.heard()).toEqual([ids[0], ids[0], ids[1]]);
    expect(at.requests[0]?.id).toBe(at.requests[1]?.id);
    const attempts = await at.state.records({ receiver: PAGER.id, limit: 10 });
    expect(attempts.map((record) => record.kind === "attempt" && record.next)).toEqual([
      "retry",
      "accepted",
      "accepted",
    ]);
  });

  test("that is dead costs less and less, and ends after a day until something newer comes", async () => {
    const at = createFeedWorld();
    await at.open();
    at.world.answers = () => "timed-out";
    const first = await at.decide("reject");
    let againAtMs = await at.tell();
    expect((await loadCircuit(at.deps, PAGER.id)).state).toBe("closed");
    while (againAtMs !== undefined) {
      at.pass(againAtMs - at.nowMs());
      againAtMs = await at.tell();
      expect(at.requests.length).toBeLessThan(40);
    }
    expect(at.nowMs() - START_MS).toBeGreaterThanOrEqual(24 * 60 * MINUTE_MS - 1_000);
    expect((await at.feed())?.head).toMatchObject({ state: "parked", reason: "retries-exhausted" });
    expect(at.log.filter(({ event }) => event === "delivery-parked")).toHaveLength(1);
    at.pass(60 * MINUTE_MS);
    at.world.answers = () => "accepted";
    await at.tell();
    const second = await at.decide("reject");
    await at.tell();
    expect(at.heard().slice(-2)).toEqual([first, second]);
    expect(await at.feed()).toMatchObject({ untold: 0 });
  });

  test("opens its circuit after five failures that say nobody is there", async () => {
    const at = createFeedWorld();
    await at.open();
    at.world.answers = () => "unreachable";
    await at.decide("reject");
    for (let attempt = 0; attempt < 5; attempt++) {
      await at.tell();
      at.pass(MINUTE_MS);
    }
    const circuit = await loadCircuit(at.deps, PAGER.id);
    expect(circuit).toMatchObject({ state: "open" });
    expect(at.requests).toHaveLength(5);
  });

  test.each([
    [
      "a newer decision",
      async (at: ReturnType<typeof createFeedWorld>) => {
        await at.decide("reject");
      },
    ],
    [
      "other settings",
      async (at: ReturnType<typeof createFeedWorld>) => {
        at.world.configuration = "c2";
      },
    ],
    [
      "another secret in its place",
      async (at: ReturnType<typeof createFeedWorld>) => {
        at.world.secrets = "s2";
      },
    ],
    [
      "a person's replay",
      async (at: ReturnType<typeof createFeedWorld>) => {
        const { replayed } = await replayDeliveries(at.deps, { receiver: PAGER.id });
        expect(replayed.map(({ receiver }) => receiver)).toEqual([PAGER.id]);
      },
    ],
  ])("that refuses us waits for %s, and time alone is no reason", async (_reason, mend) => {
    const at = createFeedWorld();
    await at.open();
    at.world.answers = () => "denied";
    const first = await at.decide("reject");
    expect(await at.tell()).toBeUndefined();
    at.pass(24 * 60 * MINUTE_MS);
    expect(await at.tell()).toBeUndefined();
    expect(at.heard()).toEqual([first]);
    expect(await listAll(at.deps, { states: ["parked"] }, 10)).toMatchObject([
      {
        receiver: PAGER.id,
        subscription: "c/OCIRepository/apps/app",
        entry: { reason: "denied", attempts: 1 },
      },
    ]);
    at.world.answers = () => "accepted";
    await mend(at);
    await at.tell();
    expect(at.heard().slice(0, 2)).toEqual([first, first]);
    expect(await listAll(at.deps, {}, 10)).toEqual([]);
  });

  test("that refuses one record for good gets the next one, and it is said", async () => {
    const at = createFeedWorld();
    await at.open();
    const bad = await at.decide("reject");
    const good = await at.decide("reject");
    at.world.answers = (record) => (record === bad ? "too-large" : "accepted");
    await at.tell();
    expect(at.heard()).toEqual([bad, good]);
    expect(await at.feed()).toMatchObject({ untold: 1 });
    expect(at.log.find(({ event }) => event === "decision-untold")?.fields).toMatchObject({
      receiver: PAGER.id,
      record: bad,
      reason: "too-large",
    });
  });

  test("that answers 400 has ten minutes to change its mind", async () => {
    const at = createFeedWorld();
    await at.open();
    const bad = await at.decide("reject");
    at.world.answers = (record) => (record === bad ? "bad-request" : "accepted");
    let againAtMs = await at.tell();
    while (againAtMs !== undefined) {
      at.pass(againAtMs - at.nowMs());
      againAtMs = await at.tell();
    }
    expect(at.nowMs() - START_MS).toBeGreaterThanOrEqual(10 * MINUTE_MS - 1_000);
    expect(await at.feed()).toMatchObject({ untold: 1 });
  });

  test("that says 410 gets nothing until a person enables it", async () => {
    const at = createFeedWorld();
    await at.open();
    at.world.answers = () => "gone";
    const first = await at.decide("reject");
    await at.tell();
    await at.decide("reject");
    at.pass(24 * 60 * MINUTE_MS);
    at.world.configuration = "c2";
    await at.tell();
    expect(at.heard()).toEqual([first]);
    at.world.answers = () => "accepted";
    expect(await enableReceiver(at.deps, PAGER.id)).toEqual({ wasDisabled: true, replayed: 1 });
    await at.tell();
    expect(at.heard()).toEqual([first, first, "r2"]);
  });

  test("hears again, under the same id, of what was accepted before a crash could be prevented", async () => {
    const at = createFeedWorld();
    await at.open();
    const first = await at.decide("reject");
    at.world.duringSend = async () => {
      at.world.failSaves = 1;
      at.world.duringSend = async () => {};
    };
    await expect(at.tell()).rejects.toThrowError("planted");
    await at.tell();
    expect(at.heard()).toEqual([first, first]);
    expect(at.requests[0]?.id).toBe(at.requests[1]?.id);
  });

  test("is not told twice at once: what another changed meanwhile is read anew", async () => {
    const at = createFeedWorld();
    await at.open();
    at.world.answers = () => "denied";
    const first = await at.decide("reject");
    await at.tell();
    at.world.answers = () => "accepted";
    await replayDeliveries(at.deps, { receiver: PAGER.id });
    at.world.duringSend = async () => {
      at.world.duringSend = async () => {};
      const stored = await at.state.loadDocument(`feed/${PAGER.id}`);
      await at.state.saveDocument(`feed/${PAGER.id}`, stored?.version ?? 0, stored?.value);
    };
    await at.tell();
    expect(at.heard()).toEqual([first, first, first]);
    expect(await at.feed()).not.toHaveProperty("head");
  });

  test("keeps the pace that sluice.yaml sets", async () => {
    const at = createFeedWorld();
    at.world.intervalMs = 10_000;
    await at.open();
    const ids = [await at.decide("reject"), await at.decide("reject")];
    expect(await at.tell()).toBe(at.nowMs() + 10_000);
    expect(at.heard()).toEqual([ids[0]]);
    at.pass(10_000);
    await at.tell();
    expect(at.heard()).toEqual(ids);
  });

  test("counts nothing that this side stopped", async () => {
    const at = createFeedWorld();
    await at.open();
    at.world.answers = () => "cancelled";
    await at.decide("reject");
    expect(await at.tell()).toBeUndefined();
    expect(await at.feed()).not.toHaveProperty("head");
  });

  test("whose circuit a person closed is tried at once", async () => {
    const at = createFeedWorld();
    await at.open();
    await changeCircuit(at.deps, PAGER.id, () => ({ state: "open", untilMs: START_MS + 500, openings: 1 }));
    const first = await at.decide("reject");
    expect(await at.tell()).toBe(START_MS + 500);
    await changeCircuit(at.deps, PAGER.id, () => CLOSED);
    await at.tell();
    expect(at.heard()).toEqual([first]);
  });
});
