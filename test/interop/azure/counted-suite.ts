import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { AZURE_COST } from "../../../infra/azure/cost.ts";
import { readPrices } from "../../../infra/cost.ts";
import { noteSeen } from "../seen.ts";
import { leastOf } from "../world/meter.ts";
import { type createDriver, until } from "./stage/driver.ts";
import { SCHEMAS } from "./stage/events.ts";
import type { AzureStage } from "./stage/stage.ts";

/** Until what follows a delivery is recorded. */
const QUIET_MS = 2_000;

const NAMES = ["tableTransaction", "queueOperation"] as const;
type Name = (typeof NAMES)[number];

interface Opened {
  readonly stage: AzureStage;
  readonly driver: ReturnType<typeof createDriver>;
}

/** What a signed push asks of storage; `opened` holds once the suite has begun. */
export const describeCounted = (opened: () => Opened): void => {
  const reset = (): void => {
    const { evaluate, deliver } = opened().stage.meters;
    for (const meter of [evaluate, deliver]) meter.reset();
  };
  const count = async (): Promise<Readonly<Record<Name, number>>> => {
    await wait(QUIET_MS);
    const { evaluate, deliver } = opened().stage.meters;
    const [evaluated, told] = [evaluate.billed(), deliver.billed()];
    return {
      tableTransaction: evaluated.tableTransactions + told.tableTransactions,
      // The event's own way onto the queue is Event Grid's.
      queueOperation: 1 + evaluated.queueOperations + told.queueOperations,
    };
  };
  const prices = readPrices(AZURE_COST);
  /** What the price list says of a push that so many clusters follow. */
  const listed = (clusters: number, waits: number): Readonly<Record<Name, number>> =>
    Object.fromEntries(
      NAMES.map((name) => {
        const { push = 0, cluster = 0, wait: look = 0 } = prices[name]?.use ?? {};
        return [name, push + clusters * cluster + waits * look];
      }),
    ) as Readonly<Record<Name, number>>;

  describe("what a push asks of storage is what its price is reckoned from", () => {
    test.each([
      { repository: "shop", objects: ["apps/shop"] },
      { repository: "pair", objects: ["first/pair", "second/pair"] },
    ])("with an object of $objects.length clusters", async ({ repository, objects }) => {
      const { driver } = opened();
      const counts = [];
      for (const tag of ["1.2.1", "1.2.2", "1.2.3"]) {
        const pushed = await driver.push(repository, tag);
        await driver.sign(pushed);
        reset();
        await driver.announce(SCHEMAS.CloudEvents(pushed));
        for (const object of objects) await driver.delivered(object, pushed.image.digest);
        counts.push(await count());
      }
      noteSeen("Azure: what a push asks of storage", { objects: objects.length, counts });
      expect(leastOf(counts)).toEqual(listed(objects.length, 0));
    });

    test("with a signature that comes later", async () => {
      const { driver } = opened();
      const pushed = await driver.push("shop", "1.2.4");
      reset();
      await driver.announce(SCHEMAS.CloudEvents(pushed));
      await until("the wait", async () => (await driver.decisionsOf("apps/shop", "1.2.4"))[0]);
      await driver.sign(pushed);
      await driver.delivered("apps/shop", pushed.image.digest);
      const counted = await count();
      noteSeen("Azure: what a push that is signed later asks of storage", counted);
      expect(counted).toEqual(listed(1, 1));
    });
  });
};
