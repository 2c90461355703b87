import { beforeEach, expect, test } from "vitest";
import { createHarness, digestOf, type Harness, RECEIVER, subscriptionOf } from "./harness.ts";

const MINUTE_MS = 60_000;

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const overdue = async (ms: number): Promise<readonly unknown[]> => {
  at.log.length = 0;
  at.setNow(at.deps.clock.nowMs() + ms);
  await at.pipeline.sweepRepositories(0);
  return at.log.filter(({ event }) => event === "work-overdue").map(({ fields }) => fields);
};

test("a sweep says nothing of work whose time has just come", async () => {
  at.world.outcome = "unreachable";
  await at.publish("1.1.0");
  expect(await overdue(4 * MINUTE_MS)).toEqual([]);
});

test("a sweep names receivers that should have had a request five minutes ago", async () => {
  at.world.outcome = "unreachable";
  await at.publish("1.1.0");
  expect(await overdue(6 * MINUTE_MS)).toEqual([{ work: "deliver", count: 1, first: RECEIVER }]);
});

test("a sweep names objects whose evidence nobody looked for again, five of many", async () => {
  const ids = Array.from({ length: 7 }, (_, index) => `c${index}`);
  at.world.subscriptions = ids.map((id) => subscriptionOf({ id }));
  await at.sweep();
  await at.publish("1.1.0", "unsigned");
  expect(await overdue(4 * MINUTE_MS)).toEqual([]);
  expect(await overdue(2 * MINUTE_MS)).toEqual([
    { work: "evaluate", count: 7, first: expect.stringMatching(/^(?:c[0-6] ){4}c[0-6]$/) },
  ]);
});

test("nothing is overdue once it was done", async () => {
  at.world.outcome = "unreachable";
  await at.publish("1.1.0");
  at.world.outcome = "accepted";
  await at.advance(MINUTE_MS);
  expect(await overdue(60 * MINUTE_MS)).toEqual([]);
});
