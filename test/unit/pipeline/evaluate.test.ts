import { beforeEach, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../shared/errors.ts";
import { createHarness, DEADLINE_MS, digestOf, type Harness, subscriptionOf } from "./harness.ts";

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

describe("a push", () => {
  test("of a verified newer version notifies once, however often it is announced", async () => {
    const digest = await at.publish("1.1.0");
    await at.announce({ tag: "1.1.0", digest });
    expect(at.told()).toEqual(["1.1.0"]);
    expect(at.decisions()).toEqual(["ignore: baseline 1.0.0", "notify: verified 1.1.0"]);
  });

  test.each<[string, string, string]>([
    ["0.9.0", "verified", "ignore: outside-range 0.9.0"],
    ["nightly", "verified", "ignore: not-a-version nightly"],
    ["1.2.0", "unsigned", "wait: unsigned 1.2.0"],
  ])("of %s, %s, is %s", async (tag, word, decision) => {
    await at.publish(tag, word);
    expect(at.decisions().at(-1)).toBe(decision);
    expect(at.told()).toEqual([]);
  });

  test("of an older version is no news; under an unverified one a signed version is rejected loudly", async () => {
    await at.publish("1.5.0");
    await at.publish("1.4.0");
    expect(at.decisions().at(-1)).toBe("ignore: not-newer 1.4.0");
    await at.publish("1.6.0", "unsigned");
    await at.publish("1.5.1");
    expect(at.decisions().at(-1)).toBe("reject: shadowed-by-unverified 1.5.1");
    await at.publish("1.5.2", "unsigned");
    expect(at.decisions().at(-1)).toBe("ignore: not-newer 1.5.2");
    expect(at.told()).toEqual(["1.5.0"]);
  });

  test("lists no tags once the baseline is known", async () => {
    at.requests.length = 0;
    await at.publish("1.1.0");
    expect(at.requests).toEqual(["HEAD 1.1.0"]);
  });

  test.each<ErrorCode>(["REGISTRY_TOO_LARGE", "MANIFEST_INVALID", "RECEIVER_ADDRESS_REFUSED"])(
    "that ends in %s gets a final decision for each object",
    async (code) => {
      at.world.subscriptions = [subscriptionOf(), subscriptionOf({ id: "other" })];
      at.world.registryError = code;
      await at.announce({ tag: "1.1.0", digest: digestOf("1.1.0") });
      expect(at.decisions().slice(1)).toEqual([
        "reject: registry-unusable 1.1.0",
        "reject: registry-unusable 1.1.0",
      ]);
      expect(at.queue.size()).toBe(0);
    },
  );

  test("of a tag that does not name yet what was announced is asked about again, then counts as moved", async () => {
    await at.announce({ tag: "1.1.0", digest: digestOf("announced") });
    at.tags.set("1.1.0", digestOf("another"));
    expect(at.decisions()).toHaveLength(1);
    for (let second = 0; second < 20; second++) await at.advance(1_000);
    expect(at.decisions().slice(1)).toEqual(["ignore: tag-moved 1.1.0", "wait: unsigned 1.1.0"]);
  });

  test("is not asked about for an hour because the clock was set back", async () => {
    at.setNow((await at.deps.clock.nowMs()) - 3_600_000);
    const work = {
      kind: "push",
      push: {
        source: "test",
        kind: "artifact",
        registry: "registry.test",
        repository: "acme/app",
        tag: "1.1.0",
        digest: digestOf("x"),
      },
      receivedAtMs: at.deps.clock.nowMs() + 3_600_000,
      authenticated: true,
    } as const;
    await at.pipeline.run(work, at.signal);
    expect(at.decisions().at(-1)).toBe("ignore: tag-gone 1.1.0");
  });

  test("without a digest is looked at once more: the registry may still have said what was before", async () => {
    at.world.subscriptions = [subscriptionOf({ selector: { kind: "tag", tag: "latest" } })];
    at.tags.set("latest", digestOf("old"));
    at.signed.set(digestOf("old"), "verified");
    await at.sweep();
    await at.advance(1);
    await at.announce({ tag: "latest" });
    expect(at.told()).toEqual([]);
    at.tags.set("latest", digestOf("new"));
    at.signed.set(digestOf("new"), "verified");
    await at.advance(10_000);
    expect(at.told()).toEqual(["latest"]);
    expect(at.queue.size()).toBe(0);
  });

  test("without tag and digest's subject in its manifest is evidence", async () => {
    const digest = await at.publish("1.1.0", "unsigned");
    at.signed.set(digest, "verified");
    at.subjects.set(digestOf("bundle"), digest);
    await at.announce({ digest: digestOf("bundle") });
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("of a platform's manifest, or evidence for one, changes nothing", async () => {
    const digest = await at.publish("1.1.0", "unsigned");
    await at.announce({ digest: digestOf("linux/arm64") });
    await at.announce({ kind: "evidence", subject: digestOf("linux/arm64") });
    expect(at.decisions().slice(2)).toEqual(["ignore: untagged -"]);
    expect((await at.stateOf()).selection).toMatchObject({ digest, status: "pending" });
  });
});

describe("two looks at a tag that moves", () => {
  test("end at what it names, though the older look is decided last", async () => {
    at.world.subscriptions = [subscriptionOf({ selector: { kind: "tag", tag: "latest" } })];
    at.tags.set("latest", digestOf("a"));
    await at.sweep();
    at.signed.set(digestOf("b"), "verified").set(digestOf("c"), "verified");
    at.tags.set("latest", digestOf("b"));
    at.world.duringVerify = async () => {
      at.world.duringVerify = async () => {};
      at.tags.set("latest", digestOf("c"));
      await at.overtake({ tag: "latest", digest: digestOf("c") });
    };
    await at.announce({ tag: "latest", digest: digestOf("b") });
    expect((await at.stateOf()).selection?.digest).toBe(digestOf("c"));
    expect(at.sent.map(({ body }) => body.changes[0]?.digest)).toEqual([digestOf("c")]);
    expect(at.decisions()).toContain("ignore: tag-moved latest");
  });
});

describe("a selection that is held back", () => {
  test("notifies when its evidence comes, and is rejected when its deadline passes", async () => {
    const digest = await at.publish("1.1.0", "unsigned");
    await at.advance(DEADLINE_MS);
    expect(at.decisions().at(-1)).toBe("reject: unsigned 1.1.0");
    at.signed.set(digest, "verified");
    await at.announce({ kind: "evidence", subject: digest });
    expect(at.decisions().at(-1)).toBe("notify: verified 1.1.0");
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("tells nobody of a digest that its tag left meanwhile", async () => {
    const digest = await at.publish("1.1.0", "unsigned");
    at.signed.set(digest, "verified");
    at.tags.set("1.1.0", digestOf("replaced without an event"));
    await at.announce({ kind: "evidence", subject: digest });
    expect(at.told()).toEqual([]);
    expect((await at.stateOf()).selection).toMatchObject({
      digest: digestOf("replaced without an event"),
      status: "pending",
    });
  });

  test.each(["push", "sweep", "check"])("hides nothing once it is deleted: %s", async (occasion) => {
    at.tags.set("1.1.0", digestOf("1.1.0"));
    at.signed.set(digestOf("1.1.0"), "verified");
    const digest = await at.publish("9.9.9", "unsigned");
    at.tags.delete("9.9.9");
    if (occasion === "push") await at.publish("1.1.0");
    else if (occasion === "sweep") await at.sweep();
    else await at.announce({ kind: "evidence", subject: digest });
    expect(at.told()).toEqual(["1.1.0"]);
    expect(at.decisions()).toContain("ignore: superseded 9.9.9");
  });

  test("that is deleted does not lead behind what was delivered", async () => {
    await at.publish("2.0.0");
    at.tags.delete("2.0.0");
    await at.publish("9.9.9", "unsigned");
    at.tags.delete("9.9.9");
    await at.sweep();
    expect((await at.stateOf()).selection?.tag).toBe("9.9.9");
    expect(at.told()).toEqual(["2.0.0"]);
  });

  test("ends at its deadline though the registry cannot be used any more", async () => {
    await at.publish("1.1.0", "unsigned");
    at.world.registryError = "REGISTRY_TOO_LARGE";
    await at.advance(15_000);
    expect(at.decisions().at(-1)).toBe("wait: registry-unusable 1.1.0");
    await at.advance(DEADLINE_MS);
    expect(at.decisions().at(-1)).toBe("reject: registry-unusable 1.1.0");
  });

  test.each([
    ["left the catalog", [], "ignore: catalog-changed 1.1.0"],
    ["is suspended", [subscriptionOf({ suspended: true })], "ignore: suspended 1.1.0"],
  ])("ends when its object %s, and is not due for ever", async (_name, subscriptions, decision) => {
    await at.publish("1.1.0", "unsigned");
    at.world.subscriptions = subscriptions;
    await at.advance(15_000);
    expect(at.decisions().at(-1)).toBe(decision);
    expect(await at.state.dueChecks(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  test("of a suspended object is not looked at when evidence comes", async () => {
    const digest = await at.publish("1.1.0", "unsigned");
    at.signed.set(digest, "verified");
    at.world.subscriptions = [subscriptionOf({ suspended: true })];
    await at.announce({ kind: "evidence", subject: digest });
    expect((await at.stateOf()).selection?.status).toBe("pending");
  });

  test("under another selector does not become a selection of the new one", async () => {
    const digest = await at.publish("1.1.0", "unsigned");
    at.signed.set(digest, "verified");
    at.world.subscriptions = [
      subscriptionOf({ selector: { kind: "semver", range: "7.x", dialect: "flux" } }),
    ];
    await at.announce({ kind: "evidence", subject: digest });
    expect((await at.stateOf()).selection).toBeUndefined();
    expect(at.decisions().at(-1)).toBe("ignore: catalog-changed 1.1.0");
  });
});

describe("the first look", () => {
  test("is silent, and leaves out what is announced at that moment", async () => {
    const fresh = createHarness();
    fresh.tags.set("1.0.0", digestOf("1.0.0"));
    await fresh.publish("1.1.0");
    expect(fresh.decisions()).toEqual(["ignore: baseline 1.0.0", "notify: verified 1.1.0"]);
  });

  test("waits for a registry that is out of reach", async () => {
    const fresh = createHarness();
    fresh.tags.set("1.0.0", digestOf("1.0.0"));
    fresh.world.registryError = "REGISTRY_UNAVAILABLE";
    await fresh.sweep();
    expect(fresh.decisions()).toEqual([]);
    fresh.world.registryError = undefined;
    await fresh.advance(1_000);
    expect(fresh.decisions()).toEqual(["ignore: baseline 1.0.0"]);
  });
});

describe("other rules after a restart", () => {
  test("reopen what was rejected", async () => {
    await at.publish("1.1.0", "unsigned");
    await at.advance(DEADLINE_MS);
    at.world.requirement = { kind: "allowed" };
    await at.sweep();
    expect(at.decisions().at(-1)).toBe("notify: unverified-allowed 1.1.0");
  });

  test("leave a baseline alone", async () => {
    at.world.requirement = { kind: "allowed" };
    await at.sweep();
    expect(at.told()).toEqual([]);
  });
});

test("a sweep passes over the object it cannot decide on", async () => {
  const pinned = subscriptionOf({ id: "pinned", selector: { kind: "tag", tag: "latest" } });
  at.world.subscriptions = [subscriptionOf({ id: "new" }), pinned];
  at.tags.set("latest", digestOf("latest"));
  const { listTags } = at.deps.registry;
  Object.assign(at.deps.registry, {
    listTags: (...given: Parameters<typeof listTags>) => {
      at.world.registryError = "REGISTRY_TOO_LARGE";
      const listing = listTags(...given)[Symbol.asyncIterator]();
      const next = async () => {
        try {
          return await listing.next();
        } finally {
          at.world.registryError = undefined;
        }
      };
      return { [Symbol.asyncIterator]: () => ({ next }) };
    },
  });
  await at.sweep();
  expect(at.decisions("pinned")).toEqual(["ignore: baseline latest"]);
  expect(at.log.map(({ event }) => event)).toContain("sweep-failed");
});
