import { describe, expect, test } from "vitest";
import type { DecisionRecord } from "../../../shared/state.ts";
import { createFeedWorld } from "./feed-world.ts";

describe("an endpoint that hears of decisions", () => {
  test("hears of those it asks for, each once, in the log's order, and of none from before", async () => {
    const at = createFeedWorld();
    await at.decide("reject");
    await at.open();
    const second = await at.decide("wait");
    await at.decide("notify");
    await at.decide("ignore");
    const third = await at.decide("reject");
    expect(await at.tell()).toBeUndefined();
    await at.tell();
    expect(at.heard()).toEqual([second, third]);
    expect(at.requests[1]?.decision).toMatchObject({
      outcome: "reject",
      reason: "unsigned",
      repository: "ghcr.io/acme/app",
      tag: "1.5.0",
    });
    expect(at.requests[1]?.decision).not.toHaveProperty("sequence");
    expect(new Set(at.requests.map(({ id }) => id)).size).toBe(2);
  });

  test("hears only of what is its own", async () => {
    const at = createFeedWorld();
    const settings = {
      ...at.settings,
      hears: ({ subscription }: DecisionRecord) => subscription.startsWith("d/"),
    };
    await at.open([settings]);
    await at.decide("reject");
    const own = await at.decide("reject", "d/OCIRepository/apps/app");
    await at.tell(settings);
    expect(at.heard()).toEqual([own]);
  });

  test("hears of many in the log's order, however the outcomes are mixed", async () => {
    const at = createFeedWorld();
    await at.open();
    const ids: string[] = [];
    for (let index = 0; index < 350; index++) {
      ids.push(await at.decide(index < 250 || index % 3 === 0 ? "reject" : "wait"));
    }
    await at.tell();
    expect(at.heard()).toEqual(ids);
  });

  test("that asks for more later hears nothing of the past", async () => {
    const at = createFeedWorld(["reject"]);
    await at.open();
    await at.decide("wait");
    await at.tell();
    const more = { ...at.settings, outcomes: ["reject", "wait"] as const };
    await at.open([more]);
    const next = await at.decide("wait");
    await at.tell(more);
    expect(at.heard()).toEqual([next]);
  });

  test("that was taken out and comes back hears nothing of the time between, but of a stop's", async () => {
    const at = createFeedWorld();
    await at.open();
    const stopped = await at.decide("reject");
    await at.open();
    await at.tell();
    expect(at.heard()).toEqual([stopped]);
    await at.open([]);
    await at.decide("reject");
    await at.open();
    await at.tell();
    expect(at.heard()).toEqual([stopped]);
  });
});
