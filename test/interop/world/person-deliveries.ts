import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { ReceiverDouble } from "../../../functions/local/playground/receiver.ts";
import { REFUSED_HORIZON_MS } from "../../../shared/delivery/schedule.ts";
import type { StateStore } from "../../../shared/state.ts";
import { toTold } from "./killed-deliver.ts";
import type { Run } from "./person-commands.ts";

const PATIENCE_MS = 60_000;
const POLL_MS = 200;
const WRONG = "another cluster's t0ken";

/** One deployment, as a person who sends deliveries again and the one cluster see it. */
export interface SendingAgain {
  readonly run: Run;
  readonly receiver: ReceiverDouble;
  /** `c/OCIRepository/apps/app`, and the receiver that tells it. */
  readonly object: string;
  readonly receiverId: string;
  /** Pushes and signs a version, tells Sluice of it, and waits until it is decided that it be told. Answers with its digest. */
  publish(tag: string): Promise<string>;
  /** From now on all requests to the cluster are answered so; undefined: by the cluster itself. */
  answerAll(status: number | undefined): void;
  /** Lets functions work, where the test hands them their messages. */
  readonly work?: () => Promise<unknown>;
}

/** The same, with what else its person and its registry's users do. */
export interface PersonOnCloud extends SendingAgain {
  readonly state: Pick<StateStore, "claim" | "release">;
  /** What a person writes to name the version. */
  referenceOf(tag: string): string;
  removeTag(tag: string): Promise<void>;
  /** Sluice's own copy of the receiver's token, where it is kept; undefined: the right one. */
  setSecret(value: string | undefined): void;
  /** Ends `deliver` and starts it anew, at a time that much later than now. */
  restartDeliver(clockAheadMs?: number): Promise<void>;
  sweepDue(): Promise<unknown>;
  sweepRepositories(): Promise<unknown>;
}

interface Delivery {
  readonly tag?: string;
  readonly state: string;
  readonly reason?: string;
}

const watch = ({ run, object, receiverId, receiver, work }: SendingAgain) => {
  const short = object.slice(object.indexOf("/") + 1);
  const timesTold = (tag: string): number =>
    receiver.requests.flatMap((one) => toTold(short, one)).filter((one) => one.tag === tag).length;
  const listed = async (...args: readonly string[]): Promise<readonly Delivery[]> => {
    const which = ["--object", object, "--receiver", receiverId];
    return (await run("deliveries", "list", ...which, ...args)) as readonly Delivery[];
  };
  const until = async (what: string, isSo: () => Promise<boolean> | boolean): Promise<void> => {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (Date.now() > deadlineMs) throw new Error(`waited in vain: ${what}`);
      await work?.();
      await wait(POLL_MS);
    }
  };
  return {
    timesTold,
    listed,
    until,
    untilListed: (state: string, tag: string, reason: string): Promise<void> =>
      until(`${tag} ${state}`, async () =>
        (await listed("--state", state)).some((one) => one.tag === tag && one.reason === reason),
      ),
    untilTold: (tag: string, count: number): Promise<void> =>
      until(`${tag} told`, () => timesTold(tag) >= count),
  };
};

/** Replays what was parked at once, and enables a receiver that wanted no more. Answers with the second version's digest. */
export const expectDeliveriesToBeSentAgain = async (
  cloud: SendingAgain,
  [first, second]: readonly [string, string],
): Promise<string> => {
  const { run, object, receiverId } = cloud;
  const { timesTold, listed, until, untilListed, untilTold } = watch(cloud);
  cloud.answerAll(413);
  await cloud.publish(first);
  await untilListed("parked", first, "too-large");
  cloud.answerAll(undefined);
  expect(timesTold(first)).toBe(0);
  expect(await run("deliveries", "replay", "--receiver", receiverId)).toEqual({
    replayed: [expect.objectContaining({ subscription: object, tag: first })],
    outdated: [],
  });
  await untilTold(first, 1);
  await until("the acceptance", async () => (await listed("--state", "accepted")).length === 1);

  cloud.answerAll(410);
  const digest = await cloud.publish(second);
  await untilListed("disabled", second, "gone");
  cloud.answerAll(undefined);
  expect(await run("deliveries", "enable", receiverId)).toMatchObject({ wasDisabled: true, replayed: 1 });
  await untilTold(second, 1);
  return digest;
};

/** What a person does about deliveries, each seen at the receiver: `tags` are three versions, each newer than the one before. */
export const expectDeliveriesToBeMended = async (
  cloud: PersonOnCloud,
  [first, second, third]: readonly [string, string, string],
): Promise<void> => {
  const { run, object, receiverId } = cloud;
  const { timesTold, listed, until, untilTold } = watch(cloud);
  /** Nobody delivers now: who is killed leaves no lease behind. */
  const untilIdle = (): Promise<void> =>
    until(`${receiverId} idle`, async () => {
      const key = `deliver/${receiverId}`;
      if (!(await cloud.state.claim(key, "test", Date.now() + 10_000))) return false;
      await cloud.state.release(key, "test");
      return true;
    });
  const restart = async (clockAheadMs?: number): Promise<void> => {
    await untilIdle();
    await cloud.restartDeliver(clockAheadMs);
  };

  const digest = await expectDeliveriesToBeSentAgain(cloud, [first, second]);
  expect(await run("explain", cloud.referenceOf(second))).toMatchObject({
    digest,
    subscriptions: expect.arrayContaining([
      expect.objectContaining({ selection: expect.objectContaining({ tag: second, status: "verified" }) }),
    ]),
  });

  // A version that a person takes back.
  await cloud.removeTag(second);
  const told = timesTold(first);
  expect(await run("rollback", object, "--to", first, "--reason", "it leaks", "--by", "ada")).toMatchObject({
    from: { tag: second },
    to: { tag: first },
    decision: { outcome: "notify", reason: "verified" },
  });
  await untilTold(first, told + 1);

  // A wrong secret, tried until it is parked, and mended where it is.
  cloud.setSecret(WRONG);
  await restart();
  await cloud.publish(third);
  await until("a refusal", async () =>
    (await listed("--state", "due")).some((one) => one.tag === third && one.reason === "not-found"),
  );
  await restart(REFUSED_HORIZON_MS + 60_000);
  await until("it is parked", async () => {
    await cloud.sweepDue();
    return (await listed("--state", "parked", "--reason", "not-found")).length === 1;
  });
  expect(timesTold(third)).toBe(0);
  cloud.setSecret(undefined);
  await restart();
  await cloud.sweepRepositories();
  await untilTold(third, 1);
};
