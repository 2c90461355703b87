import { beforeEach, describe, expect, test } from "vitest";
import { createHarness, digestOf, type Harness, RECEIVER, ruleOf, subscriptionOf } from "./harness.ts";

const OTHER = "c/apps/other";

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const reachedBy = (...receivers: string[]): void => {
  at.world.subscriptions = [subscriptionOf({ receivers })];
};

/** Who was told, in order. */
const receivers = (): string[] => at.sent.map(({ receiver }) => receiver.id);

describe("the newest decision reaches", () => {
  test("the receiver that takes the place of one that never accepted it", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    at.world.outcome = "accepted";
    reachedBy(OTHER);
    await at.advance(60_000);
    await at.sweep();
    expect(receivers()).toEqual([RECEIVER, OTHER]);
    expect((await at.stateOf()).outbox).toMatchObject({ [OTHER]: { state: "accepted" } });
    await at.sweep();
    expect(at.sent).toHaveLength(2);
  });

  test("one that is added beside another, which is not told twice", async () => {
    await at.publish("1.1.0");
    reachedBy(RECEIVER, OTHER);
    await at.sweep();
    expect(receivers()).toEqual([RECEIVER, OTHER]);
  });

  test("the first receiver of an object that had none", async () => {
    reachedBy();
    await at.publish("1.1.0");
    expect(at.decisions().at(-1)).toBe("ignore: no-receiver 1.1.0");
    reachedBy(RECEIVER);
    await at.sweep();
    expect(at.decisions().at(-1)).toBe("notify: verified 1.1.0");
    expect(receivers()).toEqual([RECEIVER]);
  });

  test("one that is added after the rules changed only if it is verified under them", async () => {
    await at.publish("1.1.0");
    at.signed.set(digestOf("1.1.0"), "identity-mismatch");
    reachedBy(RECEIVER, OTHER);
    await at.sweep();
    expect(receivers()).toEqual([RECEIVER]);
    expect((await at.stateOf()).selection?.status).toBe("pending");
  });

  test("one for which it was withdrawn while Sluice observed; what was decided then it does not", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    at.world.mode = "observe";
    await at.advance(60_000);
    at.world.outcome = "accepted";
    at.world.mode = "enforce";
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0", "1.1.0"]);
    at.world.mode = "observe";
    await at.publish("1.2.0");
    at.world.mode = "enforce";
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0", "1.1.0"]);
  });

  test("one for which other rules withdrew it, though these were looked at while Sluice observed", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    at.world.requirement = { kind: "rules", rules: [ruleOf("r1"), ruleOf("r2")] };
    at.signed.set(digestOf("1.1.0"), "unsigned");
    await at.advance(2_000);
    at.world.mode = "observe";
    at.signed.set(digestOf("1.1.0"), "verified");
    await at.advance(60_000);
    expect((await at.stateOf()).selection?.status).toBe("verified");
    at.world.mode = "enforce";
    at.world.outcome = "accepted";
    await at.sweep();
    expect((await at.stateOf()).outbox).toMatchObject({ [RECEIVER]: { tag: "1.1.0", state: "accepted" } });
  });

  test("alone: an older one does not leave once Sluice observed the newer one", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    at.world.mode = "observe";
    await at.publish("1.2.0");
    at.world.mode = "enforce";
    at.world.outcome = "accepted";
    await at.advance(60_000);
    await at.sweep();
    expect(at.told()).toEqual(["1.1.0"]);
    expect(at.decisions()).toContain("ignore: superseded 1.1.0");
  });

  test("nobody whose attempt is under way once more", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    reachedBy(RECEIVER, OTHER);
    await at.sweep();
    expect((await at.stateOf()).outbox).toMatchObject({
      [RECEIVER]: { attempts: 1 },
      [OTHER]: { attempts: 1 },
    });
  });
});
