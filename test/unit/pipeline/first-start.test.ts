import { beforeEach, describe, expect, test } from "vitest";
import { createHarness, digestOf, type Harness, REPOSITORY } from "./harness.ts";

let at: Harness;

describe("first start while the registry is out of reach", () => {
  beforeEach(async () => {
    at = createHarness();
    at.tags.set("1.0.0", digestOf("1.0.0"));
    at.world.registryError = "REGISTRY_UNAVAILABLE";
    await at.sweep();
  });

  /** Both wait in the queue; then the registry is back. */
  const pushBoth = async (first: string, second: string): Promise<void> => {
    await at.publish(first);
    await at.publish(second);
    expect(at.decisions()).toEqual([]);
    at.world.registryError = undefined;
  };

  test.each([
    ["1.1.0", "1.2.0"],
    ["1.2.0", "1.1.0"],
  ])("of %s and %s, pushed meanwhile, the newer is told and not the silent baseline", async (...tags) => {
    await pushBoth(...tags);
    for (let turns = 0; turns < 10; turns++) await at.advance(300_000);
    expect(at.told()).toEqual(["1.2.0"]);
    expect((await at.stateOf()).selection).toMatchObject({ tag: "1.2.0", status: "verified" });
    expect(at.queue.size()).toBe(0);
  });

  test("the same, though the sweep is the first to look", async () => {
    await pushBoth("1.1.0", "1.2.0");
    await at.pipeline.run({ kind: "sweep", repository: REPOSITORY }, at.signal);
    expect(at.decisions()).toEqual(["ignore: baseline 1.2.0"]);
    for (let turns = 0; turns < 10; turns++) await at.advance(300_000);
    expect(at.told()).toEqual(["1.2.0"]);
    expect(at.decisions().at(-1)).toBe("notify: verified 1.2.0");
  });

  test("what was pushed before, and is announced again later, is not news", async () => {
    at.world.registryError = undefined;
    await at.advance(300_000);
    expect(at.decisions()).toEqual(["ignore: baseline 1.0.0"]);
    await at.advance(60_000);
    await at.announce({ tag: "1.0.0", digest: digestOf("1.0.0") });
    expect(at.decisions()).toEqual(["ignore: baseline 1.0.0"]);
  });
});
