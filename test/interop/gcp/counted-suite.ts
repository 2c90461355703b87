import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { readPrices } from "../../../infra/cost.ts";
import { GOOGLE_COST } from "../../../infra/gcp/cost.ts";
import { noteSeen } from "../seen.ts";
import type { PushedImage } from "../world/images.ts";
import { leastOf } from "../world/meter.ts";
import type { GcpWorld } from "./gcp-world.ts";

/** Until what follows a delivery is recorded. */
const QUIET_MS = 3_000;

const NAMES = ["read", "write", "pubsubKibibyte", "task"] as const;
type Name = (typeof NAMES)[number];

interface Opened {
  readonly gcp: GcpWorld;
  push(repository: string, tag: string): Promise<PushedImage>;
  sign(image: PushedImage): Promise<unknown>;
  announce(image: PushedImage, tag: string): Promise<void>;
  accepted(object: string, count: number): Promise<unknown>;
  awaited(object: string, tag: string): Promise<unknown>;
}

/** What a signed push asks of Google's services; `opened` holds once the suite has begun. */
export const describeCounted = (opened: () => Opened): void => {
  const reset = (): number => {
    const { meters, parts } = opened().gcp;
    for (const meter of [meters.evaluate, meters.deliver]) meter.reset();
    return parts.cloudTasks.tasks.length;
  };
  const count = async (tasksBefore: number): Promise<Readonly<Record<Name, number>>> => {
    await wait(QUIET_MS);
    const { meters, parts } = opened().gcp;
    const [evaluated, told] = [meters.evaluate.billed(), meters.deliver.billed()];
    return {
      read: evaluated.reads + told.reads,
      write: evaluated.writes + told.writes,
      // Each message is paid for when it is published and when it is pushed; Artifact Registry's own is one of them,
      // and what a task publishes comes through the same meter.
      pubsubKibibyte: 2 * (1 + evaluated.published + told.published),
      // And each task when it is made and when it is pushed.
      task: 2 * (parts.cloudTasks.tasks.length - tasksBefore),
    };
  };
  const prices = readPrices(GOOGLE_COST);
  /** What the price list says of a push that so many clusters follow. */
  const listed = (clusters: number, waits: number): Readonly<Record<Name, number>> =>
    Object.fromEntries(
      NAMES.map((name) => {
        const { push = 0, cluster = 0, wait: look = 0 } = prices[name]?.use ?? {};
        return [name, push + clusters * cluster + waits * look];
      }),
    ) as Readonly<Record<Name, number>>;

  describe("what a push asks of Google's services is what its price is reckoned from", () => {
    test.each([
      { repository: "counted", objects: ["counted"] },
      { repository: "pair", objects: ["pair", "pair-again"] },
    ])("with an object of $objects.length clusters", async ({ repository, objects }) => {
      const { push, sign, announce, accepted } = opened();
      const counts = [];
      for (const tag of ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]) {
        const image = await push(repository, tag);
        await sign(image);
        const tasksBefore = reset();
        await announce(image, tag);
        for (const object of objects) await accepted(object, counts.length + 1);
        counts.push(await count(tasksBefore));
      }
      noteSeen("Google Cloud: what a push asks of its services", { objects: objects.length, counts });
      expect(leastOf(counts)).toEqual(listed(objects.length, 0));
    });

    test("with a signature that comes later", async () => {
      const { push, sign, announce, accepted, awaited } = opened();
      const image = await push("counted", "1.4.0");
      const tasksBefore = reset();
      await announce(image, "1.4.0");
      await awaited("counted", "1.4.0");
      await sign(image);
      await accepted("counted", 5);
      const counted = await count(tasksBefore);
      noteSeen("Google Cloud: what a push that is signed later asks of its services", counted);
      expect(counted).toEqual(listed(1, 1));
    });
  });
};
