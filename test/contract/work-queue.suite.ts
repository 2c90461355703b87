import { describe, expect } from "vitest";
import type { DeadLetters, QueuedWork, Work, WorkConsumer, WorkQueue } from "../../shared/ports.ts";
import { testWith } from "./with-subject.ts";

export interface QueueUnderTest {
  readonly queue: WorkQueue & WorkConsumer & { readonly deadLetters: DeadLetters };
  /** Moves the queue's own clock; suites for real services wait instead. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const message = (id: string, delayMs?: number): QueuedWork => ({
  id,
  work: { kind: "evaluate", subscription: id },
  ...(delayMs === undefined ? {} : { delayMs }),
});

/** What every durable queue must do. */
export const describeWorkQueue = (name: string, create: () => Promise<QueueUnderTest>): void => {
  describe(`WorkQueue: ${name}`, () => {
    const run = testWith(create);

    run("hands out what was sent, once, and forgets what is complete", async ({ queue }) => {
      await queue.send([message("a"), message("b")]);
      const received = await queue.receive(10, 30_000);
      expect(received.map(({ id }) => id).sort()).toEqual(["a", "b"]);
      expect(received[0]?.receiveCount).toBe(1);
      expect(await queue.receive(10, 30_000)).toEqual([]);
      for (const one of received) await queue.complete(one);
      expect(await queue.receive(10, 30_000)).toEqual([]);
    });

    run("keeps the work's content", async ({ queue }) => {
      const work: Work = {
        kind: "push",
        receivedAtMs: 7,
        authenticated: true,
        push: { source: "zot", kind: "artifact", tag: "ü" },
      };
      await queue.send([{ id: "p", work }]);
      expect((await queue.receive(1, 30_000))[0]?.work).toEqual(work);
    });

    run("holds back delayed work", async ({ queue, advance }) => {
      await queue.send([message("later", 2_000)]);
      expect(await queue.receive(10, 30_000)).toEqual([]);
      await advance(2_000);
      expect(await queue.receive(10, 30_000)).toHaveLength(1);
    });

    run("hands out again what was not completed within its lease, and counts", async ({ queue, advance }) => {
      await queue.send([message("a")]);
      const [first] = await queue.receive(1, 1_000);
      await advance(1_001);
      const [second] = await queue.receive(1, 1_000);
      expect(second?.id).toBe("a");
      expect(second?.receiveCount).toBe(2);
      // Too late: the first worker no longer holds the lease.
      if (first !== undefined) await queue.complete(first);
      await advance(1_001);
      expect(await queue.receive(1, 1_000)).toHaveLength(1);
    });

    run("retries after the delay asked for", async ({ queue, advance }) => {
      await queue.send([message("a")]);
      const [received] = await queue.receive(1, 30_000);
      if (received === undefined) throw new Error("nothing received");
      await queue.retry(received, 2_000);
      expect(await queue.receive(1, 30_000)).toEqual([]);
      await advance(2_000);
      expect((await queue.receive(1, 30_000))[0]?.receiveCount).toBe(2);
    });

    run("parks work and does not hand it out again", async ({ queue, advance }) => {
      await queue.send([message("poison")]);
      const [received] = await queue.receive(1, 1_000);
      if (received === undefined) throw new Error("nothing received");
      await queue.park(received, "WORK_MALFORMED: no");
      await advance(1_001);
      expect(await queue.receive(1, 1_000)).toEqual([]);
    });

    run("lists dead letters with their reason, and takes them back", async ({ queue, advance }) => {
      await queue.send([message("poison"), message("other")]);
      for (const one of await queue.receive(10, 1_000)) await queue.park(one, "WORK_MALFORMED: no");
      await advance(1_001);
      const dead = await queue.deadLetters.list(10);
      expect(dead.map(({ id, reason }) => `${id} ${reason}`).sort()).toEqual([
        "other WORK_MALFORMED: no",
        "poison WORK_MALFORMED: no",
      ]);
      expect(dead.find(({ id }) => id === "poison")?.work).toEqual(message("poison").work);
      expect(await queue.deadLetters.replay(["poison", "never-there"])).toBe(1);
      await advance(1_001);
      const [back, ...more] = await queue.receive(10, 1_000);
      expect([back?.id, back?.receiveCount, more.length]).toEqual(["poison", 1, 0]);
      expect((await queue.deadLetters.list(10)).map(({ id }) => id)).toEqual(["other"]);
    });

    run("takes an empty batch", async ({ queue }) => {
      await queue.send([]);
      expect(await queue.receive(10, 30_000)).toEqual([]);
    });
  });
};
