import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { announce, awaitQuiet, type Pushed, push, readRecords } from "./actions.ts";
import { startPager, toExpected, withoutRepeats } from "./pager.ts";
import { type CrashWorld, createCrashWorld, OBJECTS } from "./world.ts";

const PUSHES = 500;
const KILLS = 200;
/** From the start of the process: during start-up, during work, sometimes after both. */
const LONGEST_LIFE_MS = 900;

const toTag = (index: number): string =>
  // Mostly rising; a few fall back or leave the range of one object.
  index % 7 === 3 ? `0.${index}.0` : `${Math.floor(index / 100)}.${index}.${index % 3}`;

const toPush = (index: number) => ({
  repository: index % 2 === 0 ? "acme/one" : "acme/two",
  tag: toTag(index),
  signed: index % 5 !== 0,
});

/** What each object's receiver was told, in order. */
const toldOf = (world: CrashWorld, object: string): { tag: string; digest: string; decision: string }[] =>
  world.receiver.accepted.flatMap(({ body }) => {
    const { changes } = JSON.parse(Buffer.from(body).toString()) as {
      changes: { object: string; tag: string; digest: string; decision: string }[];
    };
    return changes.filter((change) => change.object === `OCIRepository/apps/${object}`);
  });

test(`kill -9 at ${KILLS} moments while ${PUSHES} pushes arrive loses nothing`, {
  timeout: 1_200_000,
}, async () => {
  const caFolder = await mkdtemp(join(tmpdir(), "sluice-pager-"));
  const pager = await startPager(join(caFolder, "ca.pem"));
  const world = await createCrashWorld({ endpoints: [pager.endpoint] });
  try {
    let over = false;
    const killing = (async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        const child = world.start();
        await wait(Math.random() * LONGEST_LIFE_MS);
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      return world.start();
    })();
    const pushed: Pushed[] = [];
    const answered: Promise<boolean>[] = [];
    for (let index = 0; index < PUSHES; index++) {
      const one = await push(world, toPush(index), index);
      pushed.push(one);
      answered.push(announce(world, one, () => over));
      // Spread over the time that the kills take.
      if (index % 5 === 0) await wait(LONGEST_LIFE_MS / 3);
    }
    const last = await killing;
    expect(await Promise.all(answered)).toEqual(pushed.map(() => true));
    await awaitQuiet(world);
    await pager.awaitQuiet();
    over = true;
    const exited = once(last, "exit");
    last.kill("SIGTERM");
    await exited;
    const records = await readRecords(world);
    const decisions = records.filter((record) => record.kind === "decision");

    for (const { name, repository } of OBJECTS) {
      const subscription = `c/OCIRepository/apps/${name}`;
      const mine = decisions.filter((record) => record.subscription === subscription);
      const final = new Set(
        mine.filter(({ outcome }) => outcome !== "wait").map(({ tag, digest }) => `${tag}@${digest}`),
      );
      const missing = pushed.filter(
        (one) => one.repository === repository && !final.has(`${one.tag}@${one.digest}`),
      );
      expect(missing, `${name}: pushes answered 2xx without a final decision`).toEqual([]);

      const told = toldOf(world, name);
      const unverified = told.filter(
        ({ digest }) => !pushed.some((one) => one.digest === digest && one.signed),
      );
      expect(unverified, `${name}: told of unverified versions`).toEqual([]);

      const order = new Map(
        mine
          .filter(({ outcome }) => outcome === "notify")
          .map(({ decisionId, sequence }) => [decisionId, sequence]),
      );
      const sequences = told.map(({ decision }) => order.get(decision) ?? -1);
      expect(sequences, `${name}: an older version after a newer`).toEqual(
        sequences.toSorted((a, b) => a - b),
      );
      expect(Math.min(...sequences), `${name}: told without a decision`).toBeGreaterThan(0);

      // Every notify was accepted, or superseded by a newer one that was.
      const newestNotify = Math.max(...order.values());
      expect(sequences.at(-1), `${name}: the newest notify was accepted`).toBe(newestNotify);
    }
    expect(world.receiver.requests.filter(({ status }) => status !== 200)).toEqual([]);

    const expected = toExpected(records);
    expect(expected.length).toBeGreaterThan(PUSHES / 10);
    expect(withoutRepeats(pager.heard), "the pager heard of each, in order").toEqual(expected);
  } finally {
    await world.close();
    pager.close();
    await rm(caFolder, { recursive: true, force: true });
  }
});
