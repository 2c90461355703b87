import type { Log } from "../../../shared/pipeline/deps.ts";
import { createLocalDocuments, type Documents } from "../../../shared/pipeline/documents.ts";
import {
  type Allowance,
  type AllowanceSettings,
  createAllowance,
} from "../../../shared/pipeline/sweep/allowance.ts";
import type { Clock } from "../../../shared/ports.ts";

const MINUTE_MS = 60_000;
/** Of the three seconds that Harbor waits for its answer. */
const COUNT_TIMEOUT_MS = 1_000;
/** Until the others are asked again: a store in trouble costs one event its second, not each. */
const ALONE_MS = 10_000;

const toSettings = (perMinute: number): AllowanceSettings => ({
  name: "events",
  perWindow: perMinute,
  windowMs: MINUTE_MS,
});

/** How many events each source may bring to this process. */
export const createEventAllowance = (perMinute: number, clock: Clock): Allowance =>
  createAllowance(toSettings(perMinute), createLocalDocuments(), clock);

const within = async <T>(work: Promise<T>, timeoutMs: number): Promise<T> => {
  const overdue = Promise.withResolvers<never>();
  const timer = setTimeout(() => overdue.reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, overdue.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * How many events each source may bring to all instances over `documents`. While those cannot be reached, or not in
 * time for a sender that waits, an instance counts alone: a limit that is out of reach neither costs events nor lets
 * everything in.
 */
export const createSharedEventAllowance = (
  perMinute: number,
  { clock, documents, log }: { readonly clock: Clock; readonly documents: Documents; readonly log: Log },
  timeoutMs = COUNT_TIMEOUT_MS,
): Allowance => {
  const together = createAllowance(toSettings(perMinute), documents, clock);
  const alone = createEventAllowance(perMinute, clock);
  let aloneUntilMs = 0;
  const orAlone = async <T>(key: string, count: (allowance: Allowance) => Promise<T>): Promise<T> => {
    if (clock.nowMs() < aloneUntilMs) return count(alone);
    try {
      return await within(count(together), timeoutMs);
    } catch (error) {
      aloneUntilMs = clock.nowMs() + ALONE_MS;
      log("intake-alone", { source: key, reason: error instanceof Error ? error.message : String(error) });
      return count(alone);
    }
  };
  return {
    take: (key, count) => orAlone(key, (allowance) => allowance.take(key, count)),
    pause: (key, forMs) => orAlone(key, (allowance) => allowance.pause(key, forMs)),
  };
};
