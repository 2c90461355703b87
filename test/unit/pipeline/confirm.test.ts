import { beforeEach, describe, expect, test } from "vitest";
import type { ClusterEvent } from "../../../shared/cluster-event.ts";
import type { ConfirmationRecord } from "../../../shared/state.ts";
import { createHarness, digestOf, type Harness, RECEIVER, START_MS, subscriptionOf } from "./harness.ts";

const OBJECT = subscriptionOf().object;
const FOLLOWER = {
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  namespace: "apps",
  name: "app",
};
const WITHIN_MS = 60_000;

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.world.handling = { ...at.world.handling, confirmation: { withinMs: WITHIN_MS, repokes: 2 } };
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const eventOf = (tag: string, changes: Partial<ClusterEvent> = {}): ClusterEvent => ({
  key: `${tag} ${JSON.stringify(changes)}`,
  cluster: "c",
  object: OBJECT,
  severity: "info",
  reason: "NewArtifact",
  message: "stored artifact",
  timeMs: at.deps.clock.nowMs(),
  revision: { text: `${tag}@${digestOf(tag)}`, tag, digest: digestOf(tag) },
  ...changes,
});

const report = async (event: ClusterEvent): Promise<void> => {
  const work = { kind: "confirm", event, receivedAtMs: at.deps.clock.nowMs() } as const;
  await at.queue.send([{ id: `confirm/${event.key}`, work }]);
  await at.drain();
};

const confirmations = (): readonly ConfirmationRecord[] =>
  at.state.all().filter((record) => record.kind === "confirmation");
const entryOf = async () => (await at.stateOf()).outbox[RECEIVER];

describe("a cluster's own event", () => {
  test("closes the decision: who has it, and how long after the push", async () => {
    await at.publish("1.1.0");
    await at.advance(2_500);
    await report(eventOf("1.1.0"));
    const [decision] = at.state.all().filter(({ kind }) => kind === "attempt");
    expect(confirmations()).toMatchObject([
      {
        decisionId: decision?.decisionId,
        outcome: "applied",
        object: "OCIRepository/apps/app",
        tag: "1.1.0",
        sincePushMs: 2_500,
      },
    ]);
    expect((await entryOf())?.confirmed).toEqual({ outcome: "applied", atMs: START_MS + 2_500 });
    expect((await at.stateOf()).reported).toMatchObject({ tag: "1.1.0", outcome: "applied" });
    for (let minute = 0; minute < 10; minute++) await at.advance(WITHIN_MS);
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("that comes again changes nothing", async () => {
    await at.publish("1.1.0");
    await report(eventOf("1.1.0"));
    await report(eventOf("1.1.0"));
    expect(confirmations()).toHaveLength(1);
  });

  test("of what follows the object: fetched, then applied", async () => {
    at.world.followers = [FOLLOWER];
    await at.publish("1.1.0");
    await report(eventOf("1.1.0"));
    expect((await entryOf())?.confirmed?.outcome).toBe("fetched");
    await report(eventOf("1.1.0", { object: FOLLOWER, reason: "ReconciliationSucceeded" }));
    expect((await entryOf())?.confirmed?.outcome).toBe("applied");
    expect(confirmations().map(({ outcome, object }) => [outcome, object])).toEqual([
      ["fetched", "OCIRepository/apps/app"],
      ["applied", "Kustomization/apps/app"],
    ]);
  });

  test("that says it failed is told, and a later one that it has it counts", async () => {
    await at.publish("1.1.0");
    const { revision: _none, ...failure } = eventOf("1.1.0", {
      severity: "error",
      reason: "VerificationError",
    });
    await report(failure);
    expect((await entryOf())?.confirmed?.outcome).toBe("failed");
    await report(eventOf("1.1.0"));
    expect((await entryOf())?.confirmed?.outcome).toBe("applied");
  });

  test("about a version that was never seen is kept under an id of its own", async () => {
    await report(eventOf("7.0.0"));
    const [record] = confirmations();
    expect(record).toMatchObject({ tag: "7.0.0", outcome: "applied" });
    expect(record?.sincePushMs).toBeUndefined();
    expect((await at.stateOf()).reported?.tag).toBe("7.0.0");
  });

  test.each([
    ["another object", { object: { ...OBJECT, name: "other" } }],
    ["another cluster", { cluster: "d" }],
    ["a step on the way", { reason: "DependencyNotReady" }],
  ])("about %s is none of ours", async (_name, changes) => {
    await at.publish("1.1.0");
    await report(eventOf("1.1.0", changes));
    expect(confirmations()).toEqual([]);
  });
});

describe("what is not confirmed", () => {
  test("is poked again, later each time, and not for ever", async () => {
    await at.publish("1.1.0");
    const times: number[] = [];
    for (let minute = 1; minute <= 12; minute++) {
      const before = at.sent.length;
      at.setNow(START_MS + minute * WITHIN_MS);
      await at.pipeline.sweepDue();
      await at.drain();
      if (at.sent.length > before) times.push(minute);
    }
    expect(times).toEqual([1, 3]);
    expect(new Set(at.sent.map(({ body }) => body.id)).size).toBe(1);
    expect(at.log.map(({ event }) => event)).toContain("delivery-unconfirmed");
    expect((await entryOf())?.state).toBe("accepted");
    expect(await at.state.dueReceivers(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  test("is not poked again once Flux would take something unverified instead", async () => {
    await at.publish("1.1.0");
    await at.publish("1.2.0", "unsigned");
    at.setNow(START_MS + WITHIN_MS);
    await at.pipeline.sweepDue();
    await at.drain();
    expect(at.told()).toEqual(["1.1.0"]);
    expect((await entryOf())?.confirmByMs).toBeUndefined();
  });

  test("is not waited for where the cluster had the version before it was told", async () => {
    at.world.outcome = "unavailable";
    await at.publish("1.1.0");
    await report(eventOf("1.1.0"));
    at.world.outcome = "accepted";
    await at.advance(2_000);
    expect(await entryOf()).toMatchObject({ state: "accepted", confirmed: { outcome: "applied" } });
    expect((await entryOf())?.confirmByMs).toBeUndefined();
  });

  test.each([
    [
      "no confirmation is configured",
      () => {
        at.world.handling = { configuration: "c1", concurrency: 1, intervalMs: 0 };
      },
    ],
    [
      "the object's kind says nothing of revisions",
      () => {
        at.world.subscriptions = [subscriptionOf({ object: { ...OBJECT, kind: "ImagePolicy" } })];
      },
    ],
  ])("is not poked again where %s", async (_name, change) => {
    change();
    await at.publish("1.1.0");
    expect((await entryOf())?.confirmByMs).toBeUndefined();
  });
});
