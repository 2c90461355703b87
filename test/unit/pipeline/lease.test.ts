import { expect, test } from "vitest";
import { createHarness, digestOf } from "./harness.ts";

test("a worker that stood still sends nothing any more: another may have told something newer", async () => {
  const at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  const { claim } = at.state;
  let claims = 0;
  at.state.claim = async (key, owner, untilMs) => {
    const held = await claim(key, owner, untilMs);
    // Stopped after the last claim before the request, and woken up much later.
    if (++claims === 2) at.setNow(at.deps.clock.nowMs() + 45_000);
    return held;
  };
  await at.publish("1.1.0");
  expect(claims).toBe(2);
  expect(at.sent).toEqual([]);
  await at.pipeline.sweepDue();
  await at.drain();
  expect(at.told()).toEqual(["1.1.0"]);
});
