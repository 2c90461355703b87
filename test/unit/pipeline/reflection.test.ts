import { describe, expect, test } from "vitest";
import type { Selector } from "../../../shared/ports.ts";
import { createHarness, digestOf, subscriptionOf } from "./harness.ts";

const IMAGE_POLICY: Selector = { kind: "image-policy", order: { by: "semver", range: "*" }, exclusions: [] };

const start = async (selector: Selector) => {
  const at = createHarness([subscriptionOf({ selector })]);
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  return at;
};

describe("a tag that moves, where Flux looks at tags alone", () => {
  test("is verified and not told", async () => {
    const at = await start(IMAGE_POLICY);
    await at.publish("1.1.0");
    await at.publish("1.1.0", "verified", "moved");
    await at.sweep();
    expect([at.told(), at.decisions().at(-1)]).toEqual([["1.1.0"], "ignore: digest-not-reflected 1.1.0"]);
    expect((await at.stateOf()).selection).toMatchObject({ status: "verified", digest: digestOf("moved") });
    await at.publish("1.2.0");
    expect(at.told()).toEqual(["1.1.0", "1.2.0"]);
  });

  test("is not told of the baseline either", async () => {
    const at = await start(IMAGE_POLICY);
    await at.advance(60_000);
    await at.publish("1.0.0", "verified", "moved");
    expect([at.told(), at.decisions().at(-1)]).toEqual([[], "ignore: digest-not-reflected 1.0.0"]);
  });

  test("is told within half a minute of the first look, where the tag itself may be the news", async () => {
    const at = await start(IMAGE_POLICY);
    await at.publish("1.0.0", "verified", "moved");
    expect(at.told()).toEqual(["1.0.0"]);
  });

  test("is told when the tag never was, since its first bytes were held back", async () => {
    const at = await start(IMAGE_POLICY);
    await at.publish("1.1.0", "identity-mismatch");
    await at.publish("1.1.0", "verified", "moved");
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("keeps what has not left yet back, when it is not verified", async () => {
    const at = await start(IMAGE_POLICY);
    at.world.outcome = "unavailable";
    await at.publish("1.1.0");
    at.world.outcome = "accepted";
    await at.publish("1.1.0", "unsigned", "moved");
    await at.advance(10_000);
    expect(at.sent).toHaveLength(1);
    expect(at.decisions()).toContain("reject: shadowed-by-unverified 1.1.0");
  });
});

test("a tag that moves is told where Flux looks at digests", async () => {
  for (const selector of [{ ...IMAGE_POLICY, digest: "always" }, subscriptionOf().selector] as const) {
    const at = await start(selector);
    await at.publish("1.1.0");
    await at.publish("1.1.0", "verified", "moved");
    expect(at.told()).toEqual(["1.1.0", "1.1.0"]);
  }
});
