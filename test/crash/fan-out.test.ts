import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { announce, awaitQuiet, push, readRecords } from "./actions.ts";
import { type CrashWorld, createCrashWorld, toFanOut } from "./world.ts";

const RECEIVERS = 200;
/** SLUICE_CRASH_KILLS=300 is the full run. */
const KILLS = Number(process.env.SLUICE_CRASH_KILLS ?? 15);
const LONGEST_START_MS = 10_000;
/** About as long as telling all of them takes. */
const LONGEST_FAN_OUT_MS = 800;
const FAULTS = 0.05;
const END_TIMEOUT_MS = 300_000;

interface Told {
  readonly id: string;
  readonly receiver: string;
  readonly decisions: readonly string[];
  readonly digests: readonly string[];
}

const kill = async (child: ChildProcess): Promise<void> => {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
};

/** Once it has begun to tell; every fifth time at any moment of its life. */
const awaitMoment = async ({ annotated }: CrashWorld, index: number): Promise<void> => {
  if (index % 5 === 0) return void (await wait(Math.random() * 1_500));
  const begun = new AbortController();
  await Promise.race([
    once(annotated, "annotated", { signal: begun.signal }),
    wait(LONGEST_START_MS, undefined, { signal: begun.signal }),
  ]);
  begun.abort();
  await wait(Math.random() * LONGEST_FAN_OUT_MS);
};

/** What each receiver accepted, in order. */
const toldBy = ({ receiver: { accepted } }: CrashWorld): ReadonlyMap<string, readonly Told[]> => {
  const told = accepted.map(({ body }): Told => {
    const { id, receiver, changes } = JSON.parse(Buffer.from(body).toString()) as {
      id: string;
      receiver: string;
      changes: { decision: string; digest: string }[];
    };
    return {
      id,
      receiver,
      decisions: changes.map(({ decision }) => decision),
      digests: changes.map(({ digest }) => digest),
    };
  });
  return Map.groupBy(told, ({ receiver }) => receiver);
};

/** Work that was cut off often waits long before it is tried again; that none is missing is what counts. */
const awaitTold = async (world: CrashWorld, newest: string): Promise<void> => {
  const deadlineMs = Date.now() + END_TIMEOUT_MS;
  const isTold = (told: readonly Told[]): boolean => told.at(-1)?.digests.includes(newest) === true;
  while ([...toldBy(world).values()].filter(isTold).length < RECEIVERS) {
    if (Date.now() > deadlineMs) throw new Error("not every receiver was told of the newest version");
    await wait(250);
  }
};

test(`kill -9 at ${KILLS} moments while ${RECEIVERS} receivers are told leaves each with the newest decision`, {
  timeout: END_TIMEOUT_MS + KILLS * 20_000,
}, async () => {
  let faults = FAULTS;
  const world = await createCrashWorld({
    objects: toFanOut(RECEIVERS),
    fault: () => (Math.random() < faults ? { status: 503 } : undefined),
  });
  let over = false;
  const announced: Promise<boolean>[] = [];
  let child = world.start();
  try {
    // The first look is silent: what comes after it is told.
    await push(world, { repository: "acme/one", tag: "0.0.1", signed: true }, 0);
    await awaitQuiet(world);
    let newest = "";
    for (let index = 1; index <= KILLS; index++) {
      const version = { repository: "acme/one", tag: `1.${index}.0`, signed: true };
      const pushed = await push(world, version, index);
      newest = pushed.digest;
      announced.push(announce(world, pushed, () => over));
      await awaitMoment(world, index);
      await kill(child);
      child = world.start();
    }
    faults = 0;
    expect(await Promise.all(announced)).toEqual(Array(KILLS).fill(true));
    await awaitTold(world, newest);
    over = true;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;

    const decided = new Map<string, number>();
    for (const record of await readRecords(world)) {
      if (record.kind === "decision" && record.outcome === "notify") {
        decided.set(record.decisionId, record.sequence);
      }
    }
    const told = toldBy(world);
    expect(told.size).toBe(RECEIVERS);
    let duplicates = 0;
    for (const [receiver, requests] of told) {
      expect(requests.at(-1)?.digests, `${receiver} ends with the newest`).toEqual([newest]);
      const order = requests.flatMap(({ decisions }) => decisions.map((one) => decided.get(one) ?? -1));
      expect(Math.min(...order), `${receiver} was told without a decision`).toBeGreaterThan(0);
      expect(order, `${receiver} was told something older after something newer`).toEqual(
        order.toSorted((a, b) => a - b),
      );
      const ids = new Map<string, string>();
      for (const { id, decisions } of requests) {
        const key = decisions.join(" ");
        expect(ids.get(key) ?? id, `${receiver}: a duplicate has another id`).toBe(id);
        if (ids.has(key)) duplicates++;
        ids.set(key, id);
      }
      expect(new Set(ids.values()).size, `${receiver}: one id for two decisions`).toBe(ids.size);
    }
    console.log(`${world.receiver.accepted.length} requests accepted, ${duplicates} of them again`);
  } finally {
    over = true;
    child.kill("SIGKILL");
    await world.close();
  }
});
