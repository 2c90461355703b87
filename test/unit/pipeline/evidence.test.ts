import { beforeEach, describe, expect, test } from "vitest";
import type { Digest } from "../../../shared/artifact/digest.ts";
import { createHarness, digestOf, type Harness } from "./harness.ts";

let at: Harness;
let digest: Digest;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  await at.advance(1);
  digest = await at.publish("1.1.0", "unsigned");
  at.requests.length = 0;
});

const fallbackTag = (of: Digest): string => of.replace(":", "-");

describe("evidence that is announced", () => {
  test.each([
    ["with its digest", digestOf("index")],
    ["without", undefined],
  ])(
    "under a tag, %s, before the tag is there: is waited for, not until the next look by the clock",
    async (_, index) => {
      const tag = fallbackTag(digest);
      const named = index === undefined ? {} : { digest: index };
      await at.announce({ kind: "evidence", subject: digest, tag, ...named });
      expect(at.told()).toEqual([]);
      at.tags.set(tag, digestOf("index"));
      at.signed.set(digest, "verified");
      await at.advance(100);
      expect(at.told()).toEqual(["1.1.0"]);
      expect(at.decisions().slice(1)).toEqual(["wait: unsigned 1.1.0", "notify: verified 1.1.0"]);
      await at.advance(60_000);
      expect(at.queue.size()).toBe(0);
    },
  );

  test("under a tag that names another digest so far, likewise", async () => {
    const tag = fallbackTag(digest);
    at.tags.set(tag, digestOf("older index"));
    await at.announce({ kind: "evidence", subject: digest, tag, digest: digestOf("newer index") });
    expect(at.decisions().slice(1)).toEqual(["wait: unsigned 1.1.0"]);
    at.tags.set(tag, digestOf("newer index"));
    at.signed.set(digest, "verified");
    await at.advance(100);
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("by digest alone is looked for once more, when the registry has settled", async () => {
    at.subjects.set(digestOf("bundle"), digest);
    await at.announce({ digest: digestOf("bundle") });
    expect(at.told()).toEqual([]);
    at.signed.set(digest, "verified");
    await at.advance(10_000);
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("and does not satisfy costs two looks, whatever comes of it", async () => {
    at.subjects.set(digestOf("sbom"), digest);
    await at.announce({ digest: digestOf("sbom") });
    for (let second = 0; second < 14; second++) await at.advance(1_000);
    expect(at.requests.filter((request) => request === "manifest")).toHaveLength(2);
  });

  test("for what nobody waits for costs nothing", async () => {
    await at.announce({ kind: "evidence", subject: digestOf("1.0.0"), tag: fallbackTag(digestOf("1.0.0")) });
    await at.announce({ kind: "evidence", subject: digestOf("elsewhere") });
    expect(at.requests).toEqual([]);
  });

  test("under a tag that never comes is looked for all the same, once the registry has settled", async () => {
    await at.announce({ kind: "evidence", subject: digest, tag: fallbackTag(digest) });
    at.signed.set(digest, "verified");
    for (let second = 0; second < 14; second++) await at.advance(1_000);
    expect(at.told()).toEqual(["1.1.0"]);
  });
});
