import { describe, expect, test } from "vitest";
import { createHarness, digestOf, type Harness, RECEIVER } from "./harness.ts";

type Claim = Harness["state"]["claim"];

const createStarted = async (): Promise<Harness> => {
  const at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  return at;
};

/** Does something after each claim, by its number. */
const start = async (
  after: Readonly<Record<number, (at: Harness, claim: Claim, key: string) => unknown>>,
  before: (at: Harness) => Promise<void> = async () => {},
) => {
  const at = await createStarted();
  await before(at);
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

  test("is taken anew by who stood still although the clock on the wall did not move", async () => {
    const { at, seen } = await start({ 1: (at) => at.passUnseen(1_000) });
    expect([seen.claims, at.told()]).toEqual([2, ["1.1.0"]]);
  });
});

describe("a worker that stood still between its look and the request", () => {
  const publishNewer = async (at: Harness): Promise<void> => {
    const digest = digestOf("1.2.0");
    at.tags.set("1.2.0", digest);
    at.signed.set(digest, "verified");
    await at.overtake({ tag: "1.2.0", digest }, at.deps.clock.nowMs());
  };

  test.each<[string, (at: Harness) => void]>([
    ["by the clock on the wall", standStill(11_000)],
    ["by the other clock, for that one was set back", (at) => at.passUnseen(11_000)],
  ])("sends what is newest, %s", async (_name, pass) => {
    const { at } = await start({
      1: standStill(1_000),
      async 2(at) {
        pass(at);
        await publishNewer(at);
      },
    });
    expect(at.told()).toEqual(["1.2.0"]);
  });

  test("sends what is newest where a slow token held it up", async () => {
    const at = await createStarted();
    let first = true;
    at.world.beforeSend = async () => {
      if (!first) return;
      first = false;
      at.passUnseen(11_000);
      await publishNewer(at);
    };
    await at.publish("1.1.0");
    expect(at.told()).toEqual(["1.2.0"]);
    expect((await at.stateOf()).outbox[RECEIVER]).toMatchObject({ tag: "1.2.0", attempts: 1 });
  });

  test("leaves no probe behind that was never made: the next look may send", async () => {
    const { at } = await start({ 1: standStill(1_000), 2: standStill(11_000) }, async (at) => {
      const open = { state: "open", untilMs: at.deps.clock.nowMs(), openings: 1 };
      await at.state.saveDocument(`circuit/${RECEIVER}`, 0, open);
    });
    expect(at.told()).toEqual(["1.1.0"]);
  });
});
