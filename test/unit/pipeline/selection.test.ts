import { beforeEach, describe, expect, test } from "vitest";
import type { Subscription } from "../../../shared/ports.ts";
import { createHarness, digestOf, type Harness, ruleOf, subscriptionOf } from "./harness.ts";

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

describe("a baseline", () => {
  test("takes no push for something that was there before because another is looked at first", async () => {
    const fresh = createHarness();
    for (const tag of ["1.0.0", "1.1.0", "1.2.0"]) {
      fresh.tags.set(tag, digestOf(tag));
      fresh.signed.set(digestOf(tag), "verified");
    }
    await fresh.announce({ tag: "1.1.0", digest: digestOf("1.1.0") });
    expect(fresh.told()).toEqual([]);
    await fresh.announce({ tag: "1.2.0", digest: digestOf("1.2.0") });
    await fresh.announce({ tag: "1.2.0", digest: digestOf("1.2.0") });
    expect(fresh.told()).toEqual(["1.2.0"]);
    expect(fresh.decisions()).toEqual([
      "ignore: baseline 1.2.0",
      "ignore: not-newer 1.1.0",
      "notify: verified 1.2.0",
    ]);
  });

  test("gives the evidence of such a push its time", async () => {
    const digest = digestOf("1.0.0");
    await at.announce({ tag: "1.0.0", digest });
    expect(at.decisions()).toEqual(["ignore: baseline 1.0.0", "wait: unsigned 1.0.0"]);
    at.signed.set(digest, "verified");
    await at.advance(15_000);
    expect(at.told()).toEqual(["1.0.0"]);
  });
});

describe("tags that compare equal", () => {
  const versions = async (selector: Subscription["selector"]): Promise<void> => {
    at.world.subscriptions = [subscriptionOf({ selector })];
    await at.sweep();
    await at.publish("1.1.0");
  };

  test("change nothing while the one that is selected stays", async () => {
    await versions({ kind: "semver", range: "*", dialect: "flux" });
    await at.publish("v1.1.0");
    expect(at.decisions().at(-1)).toBe("ignore: tie v1.1.0");
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test.each(["push", "sweep"])("take each other's place when the selected one is deleted: %s", async (by) => {
    await versions({ kind: "semver", range: "*", dialect: "flux" });
    at.tags.delete("1.1.0");
    at.tags.set("v1.1.0", digestOf("v1.1.0"));
    at.signed.set(digestOf("v1.1.0"), "verified");
    await (by === "push" ? at.announce({ tag: "v1.1.0", digest: digestOf("v1.1.0") }) : at.sweep());
    expect(at.told()).toEqual(["1.1.0", "v1.1.0"]);
  });

  test("take each other's place where Flux knows an order of its own", async () => {
    await versions({ kind: "image-policy", order: { by: "semver", range: "*" }, exclusions: [] });
    await at.publish("v1.1.0");
    expect(at.told()).toEqual(["1.1.0", "v1.1.0"]);
  });
});

test("a digest that is pinned is not what another one's push is about", async () => {
  const pinned = digestOf("1.0.0");
  at.world.subscriptions = [subscriptionOf({ selector: { kind: "digest", digest: pinned } })];
  at.tags.set("latest", pinned);
  await at.announce({ tag: "latest", digest: digestOf("gone by now") });
  for (let second = 0; second < 20; second++) await at.advance(1_000);
  expect(at.decisions()).toContain("ignore: other-digest latest");
  expect((await at.stateOf()).selection?.digest).toBe(pinned);
});

test("a held selection that is deleted does not lead behind what may have been delivered", async () => {
  at.tags.set("1.1.0", digestOf("1.1.0"));
  at.signed.set(digestOf("1.1.0"), "verified");
  at.world.outcome = "connection-lost";
  const digest = await at.publish("2.0.0");
  at.signed.set(digest, "identity-mismatch");
  at.world.requirement = { kind: "rules", rules: [ruleOf("r1"), ruleOf("r2")] };
  at.world.outcome = "accepted";
  await at.advance(2_000);
  at.tags.delete("2.0.0");
  await at.sweep();
  expect((await at.stateOf()).selection?.tag).toBe("2.0.0");
  expect(at.told()).toEqual(["2.0.0"]);
});

describe("a held selection whose tag is deleted", () => {
  beforeEach(async () => {
    await at.publish("2.0.0");
    at.tags.delete("2.0.0");
    await at.publish("3.0.0", "unsigned");
    at.tags.delete("3.0.0");
  });

  test("waits for it until the deadline, and then no longer", async () => {
    for (let looks = 0; looks < 10; looks++) await at.advance(15_000);
    expect(at.decisions().at(-1)).toBe("reject: tag-gone 3.0.0");
    expect(await at.state.dueChecks(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    expect(at.told()).toEqual(["2.0.0"]);
  });

  test("is told of to nobody, though its evidence comes", async () => {
    at.signed.set(digestOf("3.0.0"), "verified");
    await at.announce({ kind: "evidence", subject: digestOf("3.0.0") });
    expect(at.told()).toEqual(["2.0.0"]);
    at.tags.set("3.0.0", digestOf("3.0.0"));
    await at.advance(15_000);
    expect(at.told()).toEqual(["2.0.0", "3.0.0"]);
  });
});

describe("a manifest that selects differently, and still the same version", () => {
  const widen = (): void => {
    at.world.subscriptions = [subscriptionOf({ selector: { kind: "semver", range: "*", dialect: "flux" } })];
  };

  test("leaves what is under way on its way", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    widen();
    at.world.outcome = "accepted";
    await at.sweep();
    await at.advance(60_000);
    expect((await at.stateOf()).outbox).toMatchObject({ "c/apps/sluice": { state: "accepted" } });
  });

  test("tells nobody twice, though the push is announced again", async () => {
    const digest = await at.publish("1.1.0");
    widen();
    await at.announce({ tag: "1.1.0", digest });
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("goes on waiting for evidence", async () => {
    const digest = await at.publish("1.1.0", "unsigned");
    widen();
    await at.sweep();
    at.signed.set(digest, "verified");
    await at.advance(15_000);
    expect(at.told()).toEqual(["1.1.0"]);
  });
});
