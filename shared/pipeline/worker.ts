import type { Random, Work, WorkSettler } from "../ports.ts";
import { settle } from "../settle.ts";
import type { Log } from "./deps.ts";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60_000;
/** As often the other side's own word on when to come back is taken; then ours counts too. */
const TRUSTED_WAITS = 20;
/** The default: about a day of tries at the longest delay; then a person looks. The sweep finds the version again anyway. */
export const DEFAULT_ATTEMPTS = 300;

/** Doubling, capped, with jitter over the upper half, so that a recovered registry is not met by all at once. */
export const retryDelayMs = (receiveCount: number, random: Random): number => {
  const fullMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(receiveCount - 1, 20), LONGEST_RETRY_MS);
  return Math.round(fullMs / 2 + (random.fraction() * fullMs) / 2);
};

/** A message under way. */
export interface Settleable {
  readonly id: string;
  /** 1 for the first time. */
  readonly receiveCount: number;
  /** Absent where it cannot be read. */
  readonly work?: Work;
}

export interface WorkerDeps<Message extends Settleable> {
  readonly consumer: WorkSettler<Message>;
  readonly random: Random;
  readonly log: Log;
  /** Tries before a message is parked. */
  readonly maxAttempts?: number;
  readonly run: (message: Message) => Promise<void>;
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs one received message and settles it with the queue: complete, retry later, or dead-letter with a reason. */
export const workOff = async <Message extends Settleable>(
  { consumer, random, log, maxAttempts = DEFAULT_ATTEMPTS, run }: WorkerDeps<Message>,
  received: Message,
): Promise<void> => {
  const { id, receiveCount } = received;
  const work = received.work?.kind ?? "unreadable";
  const settlement = await settle(() => run(received));
  switch (settlement.kind) {
    case "done":
      return consumer.complete(received);
    case "drop":
      log("work-dropped", { id, work, reason: settlement.reason });
      return consumer.complete(received);
    case "park":
      log("work-parked", { id, work, reason: settlement.reason });
      return consumer.park(received, settlement.reason);
    case "retry": {
      const reason = describe(settlement.error);
      if (receiveCount >= maxAttempts) {
        log("work-parked", { id, work, reason });
        return consumer.park(received, `gave up after ${receiveCount} tries: ${reason}`);
      }
      const ownMs = retryDelayMs(receiveCount, random);
      const trusted = settlement.afterMs !== undefined && receiveCount <= TRUSTED_WAITS;
      const delayMs = trusted ? settlement.afterMs : Math.max(settlement.afterMs ?? 0, ownMs);
      log("work-retried", { id, work, receiveCount, delayMs, reason });
      return consumer.retry(received, delayMs);
    }
  }
};
