import { createHmac } from "node:crypto";
import { Pool } from "undici";
import type { Bench, BenchResult, Effort } from "./bench.ts";
import { EVENT_PATH, EVENT_TYPE, toEnvelope } from "./event.ts";
import { awaitEmptyQueue } from "./queue.ts";
import { median, quantile } from "./row.ts";
import { createWaiter } from "./waiter.ts";
import { createWorld, type World } from "./world.ts";

const REPOSITORY = "acme/app";
const SAMPLES = { quick: 10, full: 300 } as const;
const WARM_UP = { quick: 5, full: 60 } as const;

interface Timings {
  readonly pushes: number[];
  readonly answers: number[];
  readonly direct: number[];
}

const post = async (
  pool: Pool,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<void> => {
  const response = await pool.request({ method: "POST", path, headers, body });
  await response.body.dump();
  if (response.statusCode >= 300) throw new Error(`POST ${path}: ${response.statusCode}`);
};

/** The same request as Sluice's, signed by hand and sent straight to the receiver. */
const pokeDirectly = (pool: Pool, { receiverPath, receiverToken }: World, body: string): Promise<void> => {
  const signature = createHmac("sha256", receiverToken).update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-signature": `sha256=${signature}` };
  return post(pool, receiverPath, headers, body);
};

const toRows = ({ pushes, answers, direct }: Timings): BenchResult["rows"] => {
  const at = (fraction: number) => ({
    value: quantile(pushes, fraction),
    unit: "ms",
    beside: { name: "hand-signed request", value: quantile(direct, fraction) },
  });
  return [
    { name: "event sent → receiver accepts, p50", ...at(0.5) },
    { name: "event sent → receiver accepts, p99", ...at(0.99) },
    {
      name: "event sent → answered 202, p50",
      note: "on disk, not yet evaluated",
      value: median(answers),
      unit: "ms",
    },
  ];
};

const measure = async (world: World, next: () => Promise<number>, effort: Effort): Promise<BenchResult> => {
  const sluice = await world.startSluice();
  await awaitEmptyQueue(sluice);
  const events = new Pool(sluice.address, { connections: 1 });
  const receiver = new Pool(world.receiver.url, { connections: 1 });
  const timings: Timings = { pushes: [], answers: [], direct: [] };
  const count = WARM_UP[effort] + SAMPLES[effort];
  let requests = 0;
  try {
    const headers = { "content-type": EVENT_TYPE, authorization: world.authorization };
    for (let index = 0; index < count; index++) {
      const tag = `1.0.${index}`;
      const digest = await world.release(REPOSITORY, tag);
      const body = toEnvelope({
        id: `push-${index}`,
        host: world.registry,
        repository: REPOSITORY,
        tag,
        digest,
      });
      world.seen.length = 0;
      let accepted = next();
      const sentMs = performance.now();
      await post(events, EVENT_PATH, headers, body);
      const answeredMs = performance.now();
      const pushMs = (await accepted) - sentMs;
      requests = world.seen.length;
      const poke = Buffer.from(world.receiver.accepted.at(-1)?.body ?? []).toString("utf8");
      accepted = next();
      const pokedMs = performance.now();
      await pokeDirectly(receiver, world, poke);
      const directMs = (await accepted) - pokedMs;
      if (index < WARM_UP[effort]) continue;
      timings.pushes.push(pushMs);
      timings.answers.push(answeredMs - sentMs);
      timings.direct.push(directMs);
    }
  } finally {
    await Promise.all([events.close(), receiver.close()]);
    await sluice.stop();
  }
  return {
    rows: toRows(timings),
    remarks: [
      `${timings.pushes.length} pushes, one at a time, each in turn with the hand-signed request. In between lie ${requests} requests to the registry, one verification and the commits to disk.`,
    ],
  };
};

export const latency: Bench = {
  name: "latency",
  title: "Push → receiver",
  about: `A registry's event is posted to \`sluice serve\` (a process of its own, real file on disk); the clock stops when the receiver double has checked the signature of the request and accepted it. Every push is a new artifact with a new certificate, signed and tagged beforehand. Registry and receiver run in the process that measures. Beside it: the same request signed by hand and sent straight to the receiver, which knows nothing of who signed what.`,
  async run(effort) {
    const { onAnnotated, next } = createWaiter();
    const world = await createWorld({ repositories: [REPOSITORY], onAnnotated });
    try {
      return await measure(world, next, effort);
    } finally {
      await world.close();
    }
  },
};
