import { describe, expect, test } from "vitest";
import { acceptPushes } from "../../../shared/pipeline/intake/accept.ts";
import type { Push, QueuedWork } from "../../../shared/ports.ts";
import { createHarness, digestOf } from "./harness.ts";

const PUSH: Push = { source: "s", kind: "artifact", registry: "r", repository: "a", tag: "1", id: "e1" };

const sentFor = async (pushes: readonly Push[], nowMs = 1, fraction = 0.5): Promise<QueuedWork[]> => {
  const sent: QueuedWork[] = [];
  const queue = { send: async (messages: readonly QueuedWork[]) => void sent.push(...messages) };
  const clock = { nowMs: () => nowMs };
  await acceptPushes({ clock, random: { fraction: () => fraction }, queue }, pushes, true);
  return sent;
};

const idOf = async (push: Push, nowMs?: number, fraction?: number) =>
  (await sentFor([push], nowMs, fraction))[0]?.id;

describe("the message of a push", () => {
  test("has the same id for the same event, at any time", async () => {
    expect(await idOf(PUSH, 1, 0.1)).toBe(await idOf({ ...PUSH }, 2, 0.2));
  });

  test.each<Partial<Push>>([{ id: "e2" }, { tag: "2" }, { source: "t" }, { digest: digestOf("x") }])(
    "has another one with %j",
    async (changes) => {
      expect(await idOf({ ...PUSH, ...changes })).not.toBe(await idOf(PUSH));
    },
  );

  test("is new each time for an event without an id", async () => {
    const { id: _none, ...anonymous } = PUSH;
    const ids = [await idOf(anonymous, 1, 0.1), await idOf(anonymous, 2, 0.1), await idOf(anonymous, 1, 0.2)];
    expect(new Set(ids).size).toBe(3);
  });

  test("is not made for what is ignored", async () => {
    const sent = await sentFor([{ source: "s", kind: "ignored", reason: "pull" }, PUSH]);
    expect(sent.map(({ work }) => work)).toEqual([
      { kind: "push", push: PUSH, receivedAtMs: 1, authenticated: true },
    ]);
  });
});

test("an exact duplicate that comes after the first was done is not looked at again", async () => {
  const at = createHarness();
  const digest = await at.publish("1.0.0");
  const push: Push = { ...PUSH, registry: "registry.test", repository: "acme/app", tag: "1.0.0", digest };
  for (let copy = 0; copy < 2; copy++) {
    at.requests.length = 0;
    await acceptPushes(at.deps, [push], true);
    await at.drain();
    expect(at.requests).toEqual(copy === 0 ? ["HEAD 1.0.0"] : []);
  }
});
