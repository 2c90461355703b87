import { beforeEach, describe, expect, test } from "vitest";
import {
  createHarness,
  digestOf,
  type Harness,
  RECEIVER,
  ruleOf,
  subscriptionOf,
  TAGS_MAX_AGE_MS,
} from "./harness.ts";

const LATE_MS = TAGS_MAX_AGE_MS + 1;

let at: Harness;
const start = async (subscriptions = [subscriptionOf()]): Promise<void> => {
  at = createHarness(subscriptions);
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  await at.advance(LATE_MS);
  at.requests.length = 0;
};

/** Puts a version into the registry whose event is lost. */
const losePush = (tag: string, word = "unsigned"): void => {
  at.tags.set(tag, digestOf(tag));
  at.signed.set(digestOf(tag), word);
};

const listings = (): number => at.requests.filter((request) => request === "tags").length;

describe("before a poke, where the cluster does not verify", () => {
  beforeEach(() => start());

  test("all tags are compared: what is newer, unverified and unannounced keeps it back", async () => {
    losePush("1.5.0");
    await at.publish("1.1.0");
    expect(at.told()).toEqual([]);
    expect(at.decisions().slice(-3)).toEqual([
      "notify: verified 1.1.0",
      "reject: shadowed-by-unverified 1.1.0",
      "wait: unsigned 1.5.0",
    ]);
    expect((await at.stateOf()).outbox[RECEIVER]?.state).toBe("withdrawn");
  });

  test("what is newer and verified is told in its place", async () => {
    losePush("1.5.0", "verified");
    await at.publish("1.1.0");
    expect(at.told()).toEqual(["1.5.0"]);
  });

  test("they are listed once for all pushes of the next minutes, then again", async () => {
    await at.publish("1.1.0");
    await at.publish("1.2.0");
    expect([at.told(), listings()]).toEqual([["1.1.0", "1.2.0"], 1]);
    await at.advance(LATE_MS);
    await at.publish("1.3.0");
    expect([at.told().at(-1), listings()]).toEqual(["1.3.0", 2]);
  });

  test("without an answer from the registry nothing leaves, and later it does", async () => {
    at.signed.set(digestOf("1.1.0"), "verified");
    at.tags.set("1.1.0", digestOf("1.1.0"));
    at.world.duringVerify = async () => {
      at.world.registryError = "REGISTRY_UNAVAILABLE";
    };
    await at.announce({ tag: "1.1.0", digest: digestOf("1.1.0") });
    await at.advance(10_000);
    expect(at.told()).toEqual([]);
    at.world.duringVerify = async () => {};
    at.world.registryError = undefined;
    await at.advance(LATE_MS);
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("a tag that is gone by then holds nothing up", async () => {
    at.world.duringVerify = async () => at.tags.clear();
    await at.publish("1.1.0");
    expect([at.told(), listings()]).toEqual([["1.1.0"], 1]);
  });

  test("a clock that was set back counts as not knowing", async () => {
    await at.publish("1.1.0");
    at.setNow(at.deps.clock.nowMs() - 2 * LATE_MS);
    at.requests.length = 0;
    await at.publish("1.2.0");
    expect(listings()).toBe(1);
  });
});

test("where the cluster verifies, a push lists no tags", async () => {
  await start([subscriptionOf({ rules: [ruleOf("own", "object")] })]);
  await at.publish("1.1.0");
  expect([at.told(), listings()]).toEqual([["1.1.0"], 0]);
});

test("a digest names itself: nothing is listed for it", async () => {
  const digest = digestOf("x");
  await start([subscriptionOf({ selector: { kind: "digest", digest } })]);
  at.signed.set(digest, "verified");
  await at.announce({ digest });
  expect(listings()).toBe(0);
});

describe("a receiver that is added later", () => {
  const ANOTHER = "c/apps/another";
  const withReceivers = (...receivers: readonly string[]) => {
    at.world.subscriptions = [subscriptionOf({ receivers })];
    return at.sweep();
  };
  const toldTo = (): string[] =>
    at.sent.flatMap(({ receiver, body }) => body.changes.map(({ tag }) => `${receiver.id} ${tag}`));

  beforeEach(() => start());

  test("is told of what the others know, and they are not told again", async () => {
    await at.publish("1.1.0");
    await withReceivers(RECEIVER, ANOTHER);
    await at.sweep();
    expect(toldTo()).toEqual([`${RECEIVER} 1.1.0`, `${ANOTHER} 1.1.0`]);
    expect((await at.stateOf()).delivered?.tag).toBe("1.1.0");
  });

  test("is told when there was none before", async () => {
    await withReceivers();
    await at.publish("1.1.0");
    expect(at.decisions().at(-1)).toBe("ignore: no-receiver 1.1.0");
    await withReceivers(ANOTHER);
    expect([toldTo(), at.decisions().at(-1)]).toEqual([[`${ANOTHER} 1.1.0`], "notify: verified 1.1.0"]);
  });

  test("is told only while what is asked of the evidence still holds", async () => {
    await at.publish("1.1.0");
    at.signed.set(digestOf("1.1.0"), "identity-mismatch");
    await withReceivers(RECEIVER, ANOTHER);
    expect(toldTo()).toEqual([`${RECEIVER} 1.1.0`]);
  });

  test("is not told of a baseline, nor of what was only observed", async () => {
    await withReceivers(RECEIVER, ANOTHER);
    at.world.mode = "observe";
    await at.publish("1.1.0");
    at.world.mode = "enforce";
    await at.sweep();
    expect(at.told()).toEqual([]);
  });
});
