import type { Config } from "../../shared/config/config.ts";
import { type FeedSettings, openFeeds } from "../../shared/pipeline/deliver/feed.ts";
import { type FeedDeps, tellFeed } from "../../shared/pipeline/deliver/tell.ts";
import type { DecisionBus } from "../../shared/state.ts";
import { hears, toReceiver } from "../wiring/policy/endpoint-catalog.ts";

/** The longest until a person's replay, a mended secret or another process's decision is seen. */
const LOOK_INTERVAL_MS = 5_000;
const ERROR_PAUSE_MS = 1_000;

const clusterOf = (subscription: string): string => subscription.slice(0, subscription.indexOf("/"));

/** What is to be taken goes through the outbox, where newer supersedes older; of the rest each decision counts. */
const toFeeds = ({ endpoints }: Config): readonly FeedSettings[] =>
  endpoints
    .map((endpoint) => ({
      receiver: toReceiver(endpoint),
      outcomes: [...new Set(endpoint.decisions)].filter((outcome) => outcome !== "notify"),
      hears: ({ subscription, repository }: Parameters<FeedSettings["hears"]>[0]): boolean =>
        hears(endpoint, { cluster: clusterOf(subscription), repository }),
    }))
    .filter(({ outcomes }) => outcomes.length > 0);

const startFeed = (deps: FeedDeps, feed: FeedSettings, stopping: AbortSignal) => {
  let isWoken = false;
  let rouse = (): void => {};
  const wake = (): void => {
    isWoken = true;
    rouse();
  };
  stopping.addEventListener("abort", wake, { once: true });

  const sleep = (waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      if (isWoken) return resolve();
      const timer = setTimeout(resolve, waitMs).unref();
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const turn = async (): Promise<number> => {
    try {
      const againAtMs = (await tellFeed(deps, feed, stopping)) ?? Number.POSITIVE_INFINITY;
      return Math.min(Math.max(1, againAtMs - deps.clock.nowMs()), LOOK_INTERVAL_MS);
    } catch (error) {
      deps.log("timer-failed", { timer: `decisions to ${feed.receiver.id}`, reason: String(error) });
      return ERROR_PAUSE_MS;
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.aborted) {
      isWoken = false;
      await sleep(await turn());
    }
  };
  return { wake, ended: run() };
};

export interface DecisionFeeds {
  /** Hears that something was recorded; the record itself is read from the log. Absent: nobody asks for that. */
  readonly bus?: DecisionBus;
  start(): void;
  /** Ends what is under way and is told again at the next start. */
  stop(): Promise<void>;
}

/**
 * The endpoints that ask for more than what is to be taken, each with a loop of its own: one that is dead costs the
 * others nothing. To be opened before anything is decided.
 */
export const openDecisionFeeds = async (config: Config, deps: FeedDeps): Promise<DecisionFeeds> => {
  const feeds = toFeeds(config);
  await openFeeds(deps, feeds);
  const stopping = new AbortController();
  const running: ReturnType<typeof startFeed>[] = [];
  const bus: DecisionBus = {
    async publish(events) {
      if (events.some(({ type }) => type === "decision")) for (const { wake } of running) wake();
    },
  };
  return {
    ...(feeds.length === 0 ? {} : { bus }),
    start() {
      running.push(...feeds.map((feed) => startFeed(deps, feed, stopping.signal)));
    },
    async stop() {
      stopping.abort(new Error("stopping"));
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
};
