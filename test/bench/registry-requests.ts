import { Pool } from "undici";
import type { Bench, BenchResult, Effort } from "./bench.ts";
import { fetchHelmIndex, toHelmIndex } from "./helm-index.ts";
import type { RunningServer } from "./processes.ts";
import { awaitEmptyQueue } from "./queue.ts";
import { type BenchRow, median } from "./row.ts";
import { SOURCE_EVENTS, type SourceEvent } from "./source-events.ts";
import { createWaiter, type Waiter } from "./waiter.ts";
import { createWorld, type SeenRequest, type World } from "./world.ts";

const SMALL = { repository: "acme/small", tags: 10 };
const LARGE = { repository: "acme/large", tags: { quick: 1_530, full: 15_300 } } as const;
const PUSHES = { quick: 5, full: 25 } as const;
const KIB = 1_024;

const [DISTRIBUTION] = SOURCE_EVENTS as readonly [SourceEvent, ...SourceEvent[]];

/** What one push asked of the registry. */
interface Asked {
  readonly requests: readonly SeenRequest[];
}

const countOf = ({ requests }: Asked): number => requests.length;
const bytesOf = ({ requests }: Asked): number => requests.reduce((sum, { bytes }) => sum + bytes, 0);

const KIND = /\/(manifests|blobs|referrers|tags)\//;

/** `HEAD manifests, GET referrers, …` in the order in which they came. */
const describe = ({ requests }: Asked): string =>
  requests.map(({ method, path }) => `${method} ${KIND.exec(path)?.[1] ?? path}`).join(", ");

/** Fills a repository with versions older than all that follow; their bytes do not matter here. */
const fill = async (world: World, name: string, tags: number): Promise<void> => {
  const digest = await world.release(name, "1.0.0");
  const repository = world.repositoryOf(name);
  for (let index = 1; index < tags; index++)
    await world.client.tagManifest(repository, digest, `1.0.${index}`);
};

const push = async (
  { world, waiter, pool }: { readonly world: World; readonly waiter: Waiter; readonly pool: Pool },
  repository: string,
  tag: string,
  event: SourceEvent = DISTRIBUTION,
): Promise<Asked> => {
  const digest = await world.release(repository, tag);
  world.seen.length = 0;
  const accepted = waiter.next();
  const announcement = { id: `${repository}-${tag}`, host: world.registry, repository, tag, digest };
  const headers = {
    "content-type": event.contentType,
    ...(event === DISTRIBUTION ? { authorization: world.authorization } : {}),
    ...event.headers?.(announcement),
  };
  const path = `/events/${event.source}`;
  const response = await pool.request({ method: "POST", path, headers, body: event.body(announcement) });
  if (response.statusCode >= 300) throw new Error(`${event.source}: answered ${response.statusCode}`);
  await response.body.dump();
  await accepted;
  return { requests: [...world.seen] };
};

/** What whoever looks for new versions by listing pays each time. */
const list = async (world: World, name: string): Promise<Asked> => {
  world.seen.length = 0;
  await Array.fromAsync(world.client.listTags(world.repositoryOf(name)));
  return { requests: [...world.seen] };
};

const measure = async (world: World, waiter: Waiter, sluice: RunningServer, effort: Effort) => {
  const pool = new Pool(sluice.address, { connections: 1 });
  const asked: { small: Asked[]; large: Asked[]; bySource: Map<SourceEvent, Asked> } = {
    small: [],
    large: [],
    bySource: new Map(),
  };
  // The first look at each repository, which lists it, is over.
  await awaitEmptyQueue(sluice);
  try {
    for (let index = 0; index < PUSHES[effort]; index++) {
      const tag = `2.0.${index}`;
      asked.small.push(await push({ world, waiter, pool }, SMALL.repository, tag));
      asked.large.push(await push({ world, waiter, pool }, LARGE.repository, tag));
    }
    for (const [index, event] of SOURCE_EVENTS.entries()) {
      asked.bySource.set(event, await push({ world, waiter, pool }, SMALL.repository, `3.0.${index}`, event));
    }
  } finally {
    await pool.close();
  }
  return asked;
};

interface Figures {
  readonly asked: {
    readonly small: Asked[];
    readonly large: Asked[];
    readonly bySource: ReadonlyMap<SourceEvent, Asked>;
  };
  /** The same repository's tags, listed once. */
  readonly listed: Asked;
  /** Of a Helm index with as many entries. */
  readonly indexBytes: number;
}

const toResult = ({ asked, listed, indexBytes }: Figures, tags: number): BenchResult => {
  const of = (which: readonly Asked[], figure: (one: Asked) => number): number => median(which.map(figure));
  const small = `${SMALL.tags} tags`;
  const large = `${tags.toLocaleString("en-US")} tags`;
  const same = { of: "ratio", atMost: 1 } as const;
  const rows: BenchRow[] = [
    {
      name: `requests per push, repository of ${large}`,
      value: of(asked.large, countOf),
      unit: "",
      beside: { name: small, value: of(asked.small, countOf) },
      goal: same,
    },
    {
      name: `answers per push, repository of ${large}`,
      value: of(asked.large, bytesOf) / KIB,
      unit: "KiB",
      beside: { name: small, value: of(asked.small, bytesOf) / KIB },
      goal: { of: "ratio", atMost: 1.01 },
    },
    {
      name: `answers per push, repository of ${large}, beside listing its tags once`,
      value: of(asked.large, bytesOf) / KIB,
      unit: "KiB",
      beside: {
        name: `${countOf(listed)} requests without any signature`,
        value: bytesOf(listed) / KIB,
      },
    },
    {
      name: "Helm index.yaml, fetched once",
      value: indexBytes / KIB,
      unit: "KiB",
      note: `${tags.toLocaleString("en-US")} entries, without any signature`,
      beside: { name: `a push, ${large}`, value: of(asked.large, bytesOf) / KIB },
    },
  ];
  for (const [{ source, says }, one] of asked.bySource) {
    rows.push({ name: `requests per push, by \`${source}\` (${says})`, value: countOf(one), unit: "" });
  }
  const counts = new Set([...asked.small, ...asked.large].map(describe));
  const remarks = [
    ...[...counts].map((requests) => `A push asks: ${requests}.`),
    "By source: one push each, until the receiver accepted. Whose events name no digest is looked at once more, by one request, ten seconds later.",
  ];
  return { rows, remarks };
};

export const registryRequests: Bench = {
  name: "registry",
  title: "What a push costs the registry",
  about:
    "Requests and bytes of answers (heads included) that the in-memory registry counts from an event until the receiver accepted. Every push is a new signed version with a new certificate. The listing at first start, which happens once, is left out; the goal is that the size of the repository does not matter. Beside it: one fetch of a classic Helm repository's index with as many entries, which is what Flux reads there to learn of one new version.",
  async run(effort) {
    const waiter = createWaiter();
    const repositories = [SMALL.repository, LARGE.repository];
    const world = await createWorld({ repositories, onAnnotated: waiter.onAnnotated });
    try {
      const tags = LARGE.tags[effort];
      await fill(world, SMALL.repository, SMALL.tags);
      await fill(world, LARGE.repository, tags);
      const sluice = await world.startSluice();
      const asked = await measure(world, waiter, sluice, effort).finally(() => sluice.stop());
      const listed = await list(world, LARGE.repository);
      return toResult({ asked, listed, indexBytes: await fetchHelmIndex(toHelmIndex(tags)) }, tags);
    } finally {
      await world.close();
    }
  },
};
