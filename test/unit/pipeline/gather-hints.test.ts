import { describe, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import type { SharedDeps } from "../../../shared/pipeline/deps.ts";
import { withGatheredHints } from "../../../shared/pipeline/gather-hints.ts";
import { hintAgain, hintDelivery } from "../../../shared/pipeline/hints.ts";
import type { QueuedWork } from "../../../shared/ports.ts";
import { createHarness, digestOf, RECEIVER, subscriptionOf } from "./harness.ts";

const start = () => {
  const sent: (readonly QueuedWork[])[] = [];
  const queue = { send: async (messages: readonly QueuedWork[]) => void sent.push(messages) };
  return { sent, deps: { queue } as SharedDeps };
};
const hint = (receiver: string, atMs?: number) => hintDelivery(receiver, `${receiver}${atMs}`, 1_000, atMs);

describe("hints of one piece of work", () => {
  test("leave together once it is done, one for each receiver", async () => {
    const { sent, deps } = start();
    await withGatheredHints(deps, async ({ queue }) => {
      await queue.send([hint("a"), hint("b")]);
      await queue.send([hint("a")]);
      expect(sent).toEqual([]);
    });
    expect(sent).toEqual([[hint("a"), hint("b")]]);
  });

  test("of the same second, the latest stands for all: an earlier one would find nothing due yet", async () => {
    const { sent, deps } = start();
    await withGatheredHints(deps, async ({ queue }) => {
      await queue.send([hint("a", 1_030), hint("a", 1_200), hint("a", 1_100)]);
    });
    expect(sent).toEqual([[hint("a", 1_200)]]);
  });

  test("for different times, or for a receiver in trouble, stay apart", async () => {
    const { sent, deps } = start();
    const again = hintAgain("a", "again", 1_000, undefined);
    await withGatheredHints(deps, ({ queue }) => queue.send([hint("a"), hint("a", 61_000), again]));
    expect(sent).toEqual([[hint("a"), hint("a", 61_000), again]]);
  });

  test("leave ten at a time: the first receiver does not wait for the last", async () => {
    const { sent, deps } = start();
    await withGatheredHints(deps, async ({ queue }) => {
      for (let at = 0; at < 25; at++) await queue.send([hint(`r${at}`)]);
      expect(sent.map(({ length }) => length)).toEqual([10, 10]);
    });
    expect(sent.map(({ length }) => length)).toEqual([10, 10, 5]);
  });

  test("leave although it failed half way, also what comes from who was not done by then", async () => {
    const { sent, deps } = start();
    const failure = new PipelineError("planted", { code: "REGISTRY_UNAVAILABLE" });
    let goOn = (): void => {};
    const held = new Promise<void>((done) => {
      goOn = done;
    });
    let slow: Promise<void> | undefined;
    const working = withGatheredHints(deps, async ({ queue }) => {
      await queue.send([hint("a")]);
      slow = held.then(() => queue.send([hint("b")]));
      throw failure;
    });
    await expect(working).rejects.toBe(failure);
    expect(sent).toEqual([[hint("a")]]);
    goOn();
    await slow;
    expect(sent).toEqual([[hint("a")], [hint("b")]]);
  });
});

describe("a push that ten objects behind one receiver follow", () => {
  const objects = Array.from({ length: 10 }, (_, at) => {
    const object = { apiVersion: "v1", kind: "OCIRepository", namespace: "apps", name: `app-${at}` };
    return subscriptionOf({ id: `c/OCIRepository/apps/app-${at}`, object, target: object });
  });
  const open = async () => {
    const at = createHarness(objects);
    at.tags.set("1.0.0", digestOf("1.0.0"));
    await at.sweep();
    return at;
  };

  test("asks for one look at it, and is told in one request", async () => {
    const at = await open();
    const { send } = at.queue;
    const asked: string[] = [];
    at.queue.send = async (messages) => {
      asked.push(...messages.map(({ work }) => work.kind));
      await send(messages);
    };
    await at.publish("1.1.0", "verified");
    expect(asked.filter((kind) => kind === "deliver")).toEqual(["deliver"]);
    expect(at.sent.map(({ body }) => body.changes.length)).toEqual([10]);
  });

  test("is told by the sweep where that one hint is lost", async () => {
    const at = await open();
    const { send } = at.queue;
    at.queue.send = async (messages) => send(messages.filter(({ work }) => work.kind !== "deliver"));
    await at.publish("1.1.0", "verified");
    expect(at.sent).toEqual([]);
    at.queue.send = send;
    await at.pipeline.sweepDue();
    await at.drain();
    expect(at.sent.map(({ body }) => body.changes.length)).toEqual([10]);
    expect(at.sent[0]?.receiver.id).toBe(RECEIVER);
  });
});
