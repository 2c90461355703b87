import { PipelineError } from "../../errors.ts";
import type { Clock, SenderDeliveries, SentDelivery } from "../../ports.ts";
import type { Log } from "../deps.ts";
import type { Documents } from "../documents.ts";

const DAY_MS = 24 * 3_600_000;
/** GitHub sends nothing older again. */
const MAX_AGE_MS = 3 * DAY_MS;
/** Looked at again each time: a delivery that was under way when we last looked may have failed since. */
const OVERLAP_MS = 15 * 60_000;
/** What fails this often fails for a reason that another try does not mend. */
const MAX_ASKS = 5;
const MAX_ASKS_PER_RUN = 100;

export interface RedeliverDeps {
  readonly clock: Clock;
  readonly documents: Documents;
  readonly log: Log;
}

interface Asked {
  readonly count: number;
  readonly atMs: number;
}

/** What was done before, by whichever instance did it. */
interface Memory {
  readonly sinceMs: number;
  readonly asked: Readonly<Record<string, Asked>>;
}

const parseMemory = (value: unknown): Memory => {
  const { sinceMs = 0, asked = {} } = Object(value) as Partial<Memory>;
  return { sinceMs, asked };
};

/** The newest delivery of each event of which none arrived. */
const failedOf = async (deliveries: AsyncIterable<SentDelivery>): Promise<readonly SentDelivery[]> => {
  const newest = new Map<string, SentDelivery>();
  const arrived = new Set<string>();
  for await (const delivery of deliveries) {
    const { eventId, succeeded, atMs } = delivery;
    if (succeeded) arrived.add(eventId);
    const known = newest.get(eventId);
    if (known === undefined || atMs > known.atMs) newest.set(eventId, delivery);
  }
  return [...newest.values()].filter(({ eventId }) => !arrived.has(eventId)).reverse();
};

const keepRecent = (asked: Memory["asked"], nowMs: number): Memory["asked"] =>
  Object.fromEntries(Object.entries(asked).filter(([, { atMs }]) => atMs > nowMs - MAX_AGE_MS));

/**
 * Asks a sender that does not do so by itself to send again what did not arrive. Redelivered events keep their id, so
 * that none counts twice. Answers how many were asked for. Throws what `sender` and `documents` throw.
 */
export const redeliverFailed = async (
  { clock, documents, log }: RedeliverDeps,
  source: string,
  sender: SenderDeliveries,
  signal: AbortSignal,
): Promise<number> => {
  const key = `redeliveries/${source}`;
  const stored = await documents.loadDocument(key);
  const memory = parseMemory(stored?.value);
  const nowMs = clock.nowMs();
  const sinceMs = Math.max(memory.sinceMs - OVERLAP_MS, nowMs - MAX_AGE_MS);
  const failed = await failedOf(sender.list(sinceMs, signal));
  const asked: Record<string, Asked> = { ...keepRecent(memory.asked, nowMs) };
  const due = failed.filter(({ eventId }) => (asked[eventId]?.count ?? 0) < MAX_ASKS);
  let count = 0;
  let isWhole = due.length <= MAX_ASKS_PER_RUN;
  for (const { id, eventId } of due.slice(0, MAX_ASKS_PER_RUN)) {
    asked[eventId] = { count: (asked[eventId]?.count ?? 0) + 1, atMs: nowMs };
    try {
      await sender.redeliver(id, signal);
      count += 1;
    } catch (error) {
      // One that cannot be sent again must not keep the others from it.
      isWhole = false;
      log("redelivery-failed", {
        source,
        event: eventId,
        reason: error instanceof PipelineError ? error.message : String(error),
      });
    }
  }
  // What is left, or failed, is found again by the next run; a lost race means that somebody else just did this.
  await documents.saveDocument(key, stored?.version ?? 0, {
    sinceMs: isWhole ? nowMs : memory.sinceMs,
    asked,
  });
  if (count > 0) log("redelivery-asked", { source, events: count });
  return count;
};
