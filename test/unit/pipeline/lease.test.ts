import { describe, expect, test } from "vitest";
import { createHarness, digestOf, type Harness } from "./harness.ts";

type Claim = Harness["state"]["claim"];

/** Does something after each claim, by its number. */
const start = async (
  after: Readonly<Record<number, (at: Harness, claim: Claim, key: string) => unknown>>,
) => {
  const at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  const { claim } = at.state;
  const seen = { claims: 0 };
  at.state.claim = async (key, owner, untilMs) => {
    const held = await claim(key, owner, untilMs);
    await after[++seen.claims]?.(at, claim, key);
    return held;
  };
  await at.publish("1.1.0");
  return { at, seen };
};

const standStill =
  (ms: number) =>
  (at: Harness): void =>
    at.setNow(at.deps.clock.nowMs() + ms);

describe("the lease on a receiver", () => {
  test("that was just taken serves for the request", async () => {
    const { at, seen } = await start({});
    expect([seen.claims, at.told()]).toEqual([1, ["1.1.0"]]);
  });

  test("is taken anew by a worker that stood still", async () => {
    const { at, seen } = await start({ 1: standStill(1_000) });
    expect([seen.claims, at.told()]).toEqual([2, ["1.1.0"]]);
  });

  test("is gone for who stood still too long: another may have told something newer", async () => {
    const { at, seen } = await start({
      async 1(at, claim, key) {
        standStill(61_000)(at);
        await claim(key, "another", at.deps.clock.nowMs() + 60_000);
      },
    });
    expect([seen.claims > 1, at.sent]).toEqual([true, []]);
  });

  test("is gone for who stood still too long even if another has let go of it: what was looked at is old", async () => {
    const { at, seen } = await start({
      async 1(at, claim, key) {
        standStill(61_000)(at);
        await claim(key, "another", at.deps.clock.nowMs() + 60_000);
        await at.state.release(key, "another");
      },
    });
    expect([seen.claims > 1, at.sent]).toEqual([true, []]);
    await at.advance(5_000);
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("is not trusted by who stood still after taking it anew", async () => {
    const { at, seen } = await start({ 1: standStill(1_000), 2: standStill(45_000) });
    expect([seen.claims, at.sent]).toEqual([2, []]);
    await at.pipeline.sweepDue();
    await at.drain();
    expect(at.told()).toEqual(["1.1.0"]);
  });
});
