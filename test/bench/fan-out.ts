import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Pool } from "undici";
import type { Bench, BenchResult, Effort } from "./bench.ts";
import { EVENT_PATH, EVENT_TYPE, toEnvelope } from "./event.ts";
import { awaitEmptyQueue } from "./queue.ts";
import { type Manner, type ReceiverFleet, startReceiverFleet } from "./receiver-fleet.ts";
import { median } from "./row.ts";
import { createWorld, type World } from "./world.ts";

const REPOSITORY = "acme/app";
const RECEIVERS = 1_000;
const ROUNDS = { quick: 2, full: 8 } as const;
const WARM_UP = { quick: 1, full: 3 } as const;
const ROUND_TIMEOUT_MS = 120_000;
const POLL_MS = 5;
const CONNECTIONS = 64;
const POOR = 5;
const TOKEN_BYTES = 24;

/** Every tenth receiver hangs, another tenth fails; who else there is stays the same in both kinds of rounds. */
const isHealthy = (index: number): boolean => index % POOR !== 0;
const allAccept = (): Manner => "accept";
const someDo = (index: number): Manner =>
  isHealthy(index) ? "accept" : index % (2 * POOR) === 0 ? "hang" : "fail";

interface Round {
  /** From the event to the last of the first 99 % of the healthy receivers. */
  readonly mostMs: number;
  /** To the last of them. */
  readonly allMs: number;
}

const toRound = (times: readonly number[], startMs: number): Round => {
  const most = Math.ceil(times.length * 0.99) - 1;
  return {
    mostMs: (times[most] ?? Number.NaN) - startMs,
    allMs: (times.at(-1) ?? Number.NaN) - startMs,
  };
};

const awaitAccepted = async (
  fleet: ReceiverFleet,
  among: (index: number) => boolean,
  startMs: number,
): Promise<Round> => {
  const wanted = fleet.urls.filter((_, index) => among(index)).length;
  for (;;) {
    const times = fleet.acceptedMs(among);
    if (times.length === wanted) return toRound(times, startMs);
    if (performance.now() - startMs > ROUND_TIMEOUT_MS) {
      throw new Error(`${times.length} of ${wanted} receivers were told in time`);
    }
    await wait(POLL_MS);
  }
};

/** The same number of signed requests to the same receivers, sent by a bare loop. */
const pokeAll = async (fleet: ReceiverFleet, token: string, body: string): Promise<Round> => {
  const [first = ""] = fleet.urls;
  const pool = new Pool(new URL(first).origin, { connections: CONNECTIONS });
  const paths = fleet.paths[Symbol.iterator]();
  fleet.begin(allAccept);
  const startMs = performance.now();
  const work = async (): Promise<void> => {
    for (const path of paths) {
      const signature = createHmac("sha256", token).update(body).digest("hex");
      const headers = { "content-type": "application/json", "x-signature": `sha256=${signature}` };
      const response = await pool.request({ method: "POST", path, headers, body });
      await response.body.dump();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const round = toRound(
    fleet.acceptedMs(() => true),
    startMs,
  );
  await pool.close();
  return round;
};

interface Measured {
  readonly everyone: readonly Round[];
  /** Of the same rounds, those who are healthy later as well. */
  readonly healthy: readonly Round[];
  readonly mixed: readonly Round[];
  readonly bare: readonly Round[];
  readonly perSecond: number;
  readonly restMb: number;
  readonly peakMb: number;
  readonly mixedPeakMb: number;
}

const createPusher = async (world: World, address: string) => {
  const pool = new Pool(address, { connections: 1 });
  let count = 0;
  return {
    /** Announces a release that lies ready; answers when it was sent. */
    async announce(fleet: ReceiverFleet, mannerOf: (index: number) => Manner): Promise<number> {
      count += 1;
      const tag = `1.0.${count}`;
      const digest = await world.release(REPOSITORY, tag);
      const event = { id: `push-${count}`, host: world.registry, repository: REPOSITORY, tag, digest };
      const headers = { "content-type": EVENT_TYPE, authorization: world.authorization };
      fleet.begin(mannerOf);
      const startMs = performance.now();
      const response = await pool.request({
        method: "POST",
        path: EVENT_PATH,
        headers,
        body: toEnvelope(event),
      });
      await response.body.dump();
      return startMs;
    },
    close: () => pool.close(),
  };
};

const measure = async (
  world: World,
  fleet: ReceiverFleet,
  token: string,
  effort: Effort,
): Promise<Measured> => {
  const sluice = await world.startSluice();
  const pusher = await createPusher(world, sluice.address);
  try {
    await awaitEmptyQueue(sluice);
    const restMb = sluice.peakMb();
    const bare: Round[] = [];
    const everyone: Round[] = [];
    const healthy: Round[] = [];
    let spentMs = 0;
    for (let round = -WARM_UP[effort]; round < ROUNDS[effort]; round++) {
      const poked = await pokeAll(fleet, token, JSON.stringify({ objects: [] }).padEnd(700));
      const startMs = await pusher.announce(fleet, allAccept);
      const told = await awaitAccepted(fleet, isHealthy, startMs);
      const all = await awaitAccepted(fleet, () => true, startMs);
      await awaitEmptyQueue(sluice);
      if (round < 0) continue;
      everyone.push(all);
      healthy.push(told);
      bare.push(poked);
      spentMs += all.allMs;
    }
    const peakMb = sluice.peakMb();
    const mixed: Round[] = [];
    for (let round = 0; round < ROUNDS[effort]; round++) {
      const startMs = await pusher.announce(fleet, someDo);
      mixed.push(await awaitAccepted(fleet, isHealthy, startMs));
    }
    const perSecond = (healthy.length * RECEIVERS) / (spentMs / 1_000);
    return { everyone, healthy, mixed, bare, perSecond, restMb, peakMb, mixedPeakMb: sluice.peakMb() };
  } finally {
    await pusher.close();
    await sluice.stop();
  }
};

const most = (rounds: readonly Round[]): number => median(rounds.map(({ mostMs }) => mostMs));

const toResult = (measured: Measured, refused: number): BenchResult => {
  const { everyone, healthy, mixed, bare, perSecond, restMb, peakMb, mixedPeakMb } = measured;
  if (refused > 0) throw new Error(`${refused} requests had a wrong path or signature`);
  const bareSeconds = bare.reduce((sum, { allMs }) => sum + allMs, 0) / 1_000;
  const first = mixed[0]?.mostMs ?? Number.NaN;
  return {
    rows: [
      {
        name: "one push, 1,000 receivers: 99 % accepted",
        value: most(everyone),
        unit: "ms",
        beside: { name: "bare loop of signed requests", value: most(bare) },
      },
      {
        name: "the healthy 800, while 100 hang and 100 fail: 99 % accepted",
        value: most(mixed),
        unit: "ms",
        beside: { name: "the same 800, all healthy", value: most(healthy) },
        goal: { of: "ratio", atMost: 1.2 },
      },
      {
        name: "the same, the first push after they fell ill",
        value: first,
        unit: "ms",
        beside: { name: "the same 800, all healthy", value: most(healthy) },
        goal: { of: "ratio", atMost: 1.2 },
      },
      {
        name: "deliveries/s, one push after the other",
        note: "verification, decisions and records of 1,000 objects included",
        value: perSecond,
        unit: "/s",
        beside: { name: "bare loop", value: (bare.length * RECEIVERS) / bareSeconds },
      },
      {
        name: "memory, largest while all are healthy",
        value: peakMb,
        unit: "MB",
        beside: { name: "before the first push", value: restMb },
      },
      {
        name: "memory, largest while 100 hang and 100 fail",
        value: mixedPeakMb,
        unit: "MB",
        beside: { name: "all healthy", value: peakMb },
      },
    ],
    remarks: [
      `${healthy.length} pushes with all healthy, then ${mixed.length} with every tenth receiver hanging and every tenth answering 500; those that hang keep their requests for a minute, over several pushes. What failed is tried again after about 1, 2 and 5 s, in the same process: the longer a round takes, the more of that is in it.`,
    ],
  };
};

export const fanOut: Bench = {
  name: "fan-out",
  title: "One push, a thousand receivers",
  about:
    "A thousand clusters with one object each, all of the same repository, behind one loopback server with a thousand paths that checks path and signature of every request. A registry's event is posted to `sluice serve`; the clock stops when 99 % of the receivers in question have accepted. Beside it: as many requests, signed and sent to the same server by a bare loop with 64 connections in the process that measures, which knows nothing of who signed what and keeps no record.",
  async run(effort) {
    const token = randomBytes(TOKEN_BYTES).toString("hex");
    const fleet = await startReceiverFleet(RECEIVERS, token);
    try {
      const world = await createWorld({
        repositories: [REPOSITORY],
        clusters: { urls: fleet.urls, token },
      });
      try {
        return toResult(await measure(world, fleet, token, effort), fleet.refused);
      } finally {
        await world.close();
      }
    } finally {
      await fleet.close();
    }
  },
};
