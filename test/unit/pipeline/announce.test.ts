import { describe, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { toDecisionEvent, withAnnouncements } from "../../../shared/pipeline/announce.ts";
import type { DecisionEvent } from "../../../shared/state.ts";
import { createHarness, DEADLINE_MS, digestOf, REPOSITORY } from "./harness.ts";

const RECORD = {
  kind: "decision",
  id: "d/notify",
  decisionId: "d",
  atMs: 7,
  subscription: "s",
  repository: REPOSITORY,
  tag: "1.0.0",
  digest: digestOf("1.0.0"),
  outcome: "notify",
  reason: "verified",
  catalogVersion: "c1",
  facts: {},
} as const;

const createBus = () => {
  const heard: DecisionEvent[] = [];
  const bus = {
    publish: async (events: readonly DecisionEvent[]) => {
      heard.push(...events);
    },
  };
  return { heard, bus };
};

describe("telling the bus", () => {
  test("an event is the record, its repository as one text", () => {
    const { id, type, detail } = toDecisionEvent(RECORD);
    expect([id, type, detail.repository]).toEqual(["d/notify", "decision", "registry.test/acme/app"]);
  });

  test("hears of what was committed, also when the work then fails", async () => {
    const { deps } = createHarness();
    const { heard, bus } = createBus();
    const failing = withAnnouncements({ ...deps, bus }, async ({ state }) => {
      await state.commit("s", 0, { records: [RECORD] });
      throw new PipelineError("later", { code: "REGISTRY_UNAVAILABLE" });
    });
    await expect(failing).rejects.toThrow("later");
    expect(heard.map(({ id }) => id)).toEqual(["d/notify"]);
  });

  test("hears nothing of a write that lost the race", async () => {
    const { deps } = createHarness();
    const { heard, bus } = createBus();
    const next = { subscription: "s", version: 9, selectorHash: "h", outbox: {} };
    await withAnnouncements({ ...deps, bus }, async ({ state }) => {
      expect(await state.commit("s", 8, { next, records: [RECORD] })).toBe("conflict");
    });
    expect(heard).toEqual([]);
  });

  test("out of reach, it costs the event and not the work", async () => {
    const { deps, log } = createHarness();
    const bus = {
      publish: () => Promise.reject(new PipelineError("down", { code: "BUS_UNAVAILABLE" })),
    };
    await withAnnouncements({ ...deps, bus }, async ({ state }) => {
      await state.commit("s", 0, { records: [RECORD] });
    });
    expect((await deps.state.records({ limit: 1 }))[0]?.id).toBe("d/notify");
    expect(log.map(({ event, fields }) => [event, fields.reason, fields.message])).toEqual([
      ["bus-failed", "BUS_UNAVAILABLE", "down"],
    ]);
  });
});

describe("evidence that never came", () => {
  test("is rejected, recorded, logged and announced once, however often it is looked at", async () => {
    const { heard, bus } = createBus();
    const at = createHarness();
    Object.assign(at.deps, { bus });
    at.tags.set("1.0.0", digestOf("1.0.0"));
    await at.sweep();
    const digest = await at.publish("1.1.0", "unsigned");
    await at.advance(DEADLINE_MS);
    await at.announce({ tag: "1.1.0", digest });
    await at.announce({ kind: "evidence", subject: digest });
    await at.sweep();
    await at.advance(DEADLINE_MS);
    expect(at.decisions().slice(1)).toEqual(["wait: unsigned 1.1.0", "reject: unsigned 1.1.0"]);
    const rejections = heard.filter(({ detail }) => detail.outcome === "reject");
    expect(new Set(rejections.map(({ id }) => id)).size).toBe(1);
    expect(rejections[0]?.detail).toMatchObject({ tag: "1.1.0", digest, reason: "unsigned" });
    expect(rejections).toHaveLength(1);
    const logged = at.log.filter(({ event, fields }) => event === "decision" && fields.outcome === "reject");
    expect(logged).toHaveLength(1);
  });
});
