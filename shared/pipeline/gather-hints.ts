import type { QueuedWork, WorkQueue } from "../ports.ts";
import type { SharedDeps } from "./deps.ts";

/** As many leave at once, so that the first of a thousand receivers need not wait for the last object's decision. */
const MAX_GATHERED = 10;

/** Looks at the same, to be taken within the same second, are one look: hints say "now", state says at what. */
const keyOf = ({ work, delayMs = 0 }: QueuedWork): string =>
  `${Math.ceil(delayMs / 1_000)} ${JSON.stringify(work)}`;

const later = (one: QueuedWork | undefined, other: QueuedWork): QueuedWork =>
  (one?.delayMs ?? 0) > (other.delayMs ?? 0) && one !== undefined ? one : other;

const createGathering = (queue: WorkQueue) => {
  const gathered = new Map<string, QueuedWork>();
  let isOver = false;
  const flush = async (): Promise<void> => {
    const hints = [...gathered.values()];
    gathered.clear();
    if (hints.length > 0) await queue.send(hints);
  };
  return {
    async send(messages: readonly QueuedWork[]): Promise<void> {
      for (const message of messages)
        gathered.set(keyOf(message), later(gathered.get(keyOf(message)), message));
      if (isOver || gathered.size >= MAX_GATHERED) await flush();
    },
    async end(): Promise<void> {
      // Of objects side by side, one may fail while others have not decided yet: what these send leaves at once.
      isOver = true;
      await flush();
    },
  };
};

/**
 * Runs work that sends nothing but hints, which leave together, also where it fails half way: many objects behind one
 * receiver ask for one look at it. One that is lost here is like any other that is lost.
 */
export const withGatheredHints = async <D extends SharedDeps>(
  deps: D,
  work: (deps: D) => Promise<void>,
): Promise<void> => {
  const gathering = createGathering(deps.queue);
  try {
    await work({ ...deps, queue: { ...deps.queue, send: gathering.send } });
  } finally {
    await gathering.end();
  }
};
