import { beforeEach, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { readRecovered } from "../../../shared/pipeline/evaluate/recovered.ts";
import { createHarness, digestOf, type Harness, REPOSITORY, subscriptionOf } from "./harness.ts";

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
  Object.assign(at.deps, { openForSweep: refuse });
  put("1.1.0", "verified");
  await at.sweep();
  expect([at.told(), at.queue.size()]).toEqual([[], 1]);
  await at.publish("1.2.0");
  expect(at.told()).toEqual(["1.2.0"]);
  Object.assign(at.deps, { openForSweep: async () => at.deps.registry });
  await at.advance(5_000);
  expect(at.queue.size()).toBe(0);
});

test("what neighbours make up for is counted in one write: they would race for it", async () => {
  at.world.subscriptions = Array.from({ length: 8 }, (_, index) => subscriptionOf({ id: `c${index}` }));
  await at.sweep();
  const { saveDocument } = at.state;
  const saved: string[] = [];
  at.state.saveDocument = async (key, version, value) => {
    if (key.startsWith("sweep/")) saved.push(JSON.stringify(value));
    return saveDocument(key, version, value);
  };
  put("1.1.0", "verified");
  await at.sweep();
  expect([saved, await recovered()]).toEqual([['{"count":8}'], 8]);
});

test("objects are looked at a few at once, and one whose row cannot be written ends it once its neighbours are done", async () => {
  at.world.subscriptions = Array.from({ length: 30 }, (_, index) => subscriptionOf({ id: `c${index}` }));
  const { commit } = at.state;
  let out = 0;
  let peak = 0;
  at.state.commit = async (id, version, change) => {
    peak = Math.max(peak, ++out);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    out -= 1;
    if (id === "c10") throw new PipelineError("planted", { code: "STATE_UNAVAILABLE" });
    return commit(id, version, change);
  };
  const work = { kind: "sweep", repository: REPOSITORY } as const;
  await expect(at.pipeline.run(work, at.signal)).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
  expect(out).toBe(0);
  const versions = await Promise.all([0, 8, 15, 16, 29].map(async (index) => at.stateOf(`c${index}`)));
  expect(versions.map(({ version }) => version > 0)).toEqual([true, true, true, false, false]);
  at.state.commit = commit;
  await at.pipeline.run(work, at.signal);
  expect((await at.stateOf("c29")).selection?.status).toBe("baseline");
  expect(peak).toBe(8);
});
