import { beforeEach, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { readRecovered } from "../../../shared/pipeline/recovered.ts";
import { createHarness, digestOf, type Harness, subscriptionOf } from "./harness.ts";

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const put = (tag: string, word: string, text = tag) => {
  at.tags.set(tag, digestOf(text));
  at.signed.set(digestOf(text), word);
};
const recovered = () => readRecovered(at.state);

test("what a sweep finds is counted once: versions, moved tags and late evidence, nothing else", async () => {
  expect(await recovered()).toBe(0);
  put("1.1.0", "verified");
  await at.sweep();
  await at.sweep();
  expect([await recovered(), at.told()]).toEqual([1, ["1.1.0"]]);
  put("1.1.0", "unsigned", "moved");
  await at.sweep();
  expect(await recovered()).toBe(2);
  // Looked at again, still unsigned: not an event that was lost.
  await at.sweep();
  expect(await recovered()).toBe(2);
  at.signed.set(digestOf("moved"), "verified");
  await at.sweep();
  expect([await recovered(), at.told()]).toEqual([3, ["1.1.0", "1.1.0"]]);
  expect(
    at.log.flatMap(({ event, fields }) => (event === "sweep-recovered" ? [fields.recovered] : [])),
  ).toEqual(["version", "version", "evidence"]);
});

test("what an event brought is not counted", async () => {
  await at.publish("1.1.0");
  await at.sweep();
  expect(await recovered()).toBe(0);
});

test("objects of many clusters cost one listing and one look at the tag they pick", async () => {
  at.world.subscriptions = Array.from({ length: 50 }, (_, index) => subscriptionOf({ id: `c${index}` }));
  await at.sweep();
  at.requests.length = 0;
  await at.sweep();
  expect(at.requests).toEqual(["tags", "HEAD 1.0.0"]);
});

test("sweeps read within their budget, pushes do not", async () => {
  const spent = new PipelineError("spent", { code: "REGISTRY_BUDGET_SPENT", retryAfterMs: 5_000 });
  const refuse = () => Promise.reject(spent);
  const sweepRegistry = { ...at.deps.registry, resolveTag: refuse };
  Object.assign(at.deps, { sweepRegistry });
  put("1.1.0", "verified");
  await at.sweep();
  expect([at.told(), at.queue.size()]).toEqual([[], 1]);
  await at.publish("1.2.0");
  expect(at.told()).toEqual(["1.2.0"]);
  Object.assign(at.deps, { sweepRegistry: at.deps.registry });
  await at.advance(5_000);
  expect(at.queue.size()).toBe(0);
});
