import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { ReceiverDouble, RecordedRequest } from "../../../functions/local/playground/receiver.ts";

/** `3 × receiverTimeout + 1 min`: how long a receiver stays held by an instance that died. */
const LEASE_MS = 3 * 60_000 + 60_000;
const PATIENCE_MS = 60_000;
const POLL_MS = 100;
/** Long enough for a message that is under way to do what it must not. */
const QUIET_MS = 3_000;

interface Told {
  readonly id: string;
  readonly tag: string;
}

export interface DeliverOnCloud {
  readonly receiver: ReceiverDouble;
  /** `OCIRepository/apps/app`: who is told. */
  readonly object: string;
  /** Pushes and signs a version, tells Sluice of it, and waits until it is decided that it be told. */
  publish(tag: string): Promise<void>;
  /** From now on the receiver's answers get lost, or do not. */
  loseAnswers(lost: boolean): void;
  kill(): Promise<void>;
  /** An instance that runs that much later than now. */
  start(clockAheadMs: number): Promise<void>;
  /** The timer that finds what is due. */
  sweepDue(): Promise<unknown>;
}

/** What a request that was accepted told of one object. */
export const toTold = (object: string, { body, status }: RecordedRequest): readonly Told[] => {
  if (status !== 200) return [];
  const { id, changes } = JSON.parse(Buffer.from(body).toString()) as {
    readonly id: string;
    readonly changes: readonly { readonly object: string; readonly tag: string }[];
  };
  return changes.filter((change) => change.object === object).map(({ tag }) => ({ id, tag }));
};

/**
 * `deliver` dies after the receiver took a request and before the attempt is recorded: once with nothing newer, once
 * while something newer is decided. `tags` are three versions, each newer than the one before.
 */
export const expectKilledDeliverToLoseNothing = async (
  cloud: DeliverOnCloud,
  [first, second, third]: readonly [string, string, string],
): Promise<void> => {
  const told = (): readonly Told[] => cloud.receiver.requests.flatMap((one) => toTold(cloud.object, one));
  const toldOf = (tag: string): readonly Told[] => told().filter((one) => one.tag === tag);
  const until = async (tag: string, count: number, nudge?: () => Promise<unknown>): Promise<void> => {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (toldOf(tag).length < count) {
      if (Date.now() > deadlineMs) throw new Error(`${tag} was told ${toldOf(tag).length} times`);
      await nudge?.();
      await wait(POLL_MS);
    }
  };
  const dieWhileTelling = async (tag: string): Promise<void> => {
    cloud.loseAnswers(true);
    await cloud.publish(tag);
    await until(tag, 1);
    await cloud.kill();
    cloud.loseAnswers(false);
  };

  await dieWhileTelling(first);
  await cloud.start(LEASE_MS);
  await until(first, 2, cloud.sweepDue);
  expect(new Set(toldOf(first).map(({ id }) => id)).size).toBe(1);

  await dieWhileTelling(second);
  await cloud.publish(third);
  await cloud.start(2 * LEASE_MS);
  await until(third, 1, cloud.sweepDue);
  await wait(QUIET_MS);
  const order = told()
    .map(({ tag }) => tag)
    .filter((tag) => tag === first || tag === second || tag === third);
  expect(order.slice(0, 4)).toEqual([first, first, second, third]);
  expect(new Set(order.slice(3))).toEqual(new Set([third]));
};
