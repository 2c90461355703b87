import { parseHttpDate } from "../civil-time.ts";
import type { Outcome, OutcomeCode } from "./outcomes.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Mean waits after the first, second, … attempt; the last one repeats. Quick at first: a poke is worth little late. */
const DELAYS_MS = [
  SECOND_MS,
  2 * SECOND_MS,
  5 * SECOND_MS,
  15 * SECOND_MS,
  30 * SECOND_MS,
  MINUTE_MS,
  2 * MINUTE_MS,
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
] as const;

/** How long a delivery is tried at all. */
export const RETRY_HORIZON_MS = 24 * HOUR_MS;
/** How long answers are retried that usually mean wrong configuration but sometimes pass by themselves. */
export const REFUSED_HORIZON_MS = 10 * MINUTE_MS;
/** A receiver may ask us to wait, but not to forget it. */
export const MAX_RETRY_AFTER_MS = HOUR_MS;
/** From this attempt on a 500 is called what it then most likely is. */
export const NEIGHBOUR_HINT_ATTEMPTS = 5;

/**
 * `passing`: retried to the horizon. `refused`: ten minutes, then parked. `final`: parked at once. 400 is refused,
 * not final: a notification-controller whose API server is down answers it. 404 is what a new Receiver, or one
 * whose Secret was just rotated, gives. An address may be refused because a resolver misbehaves for a moment.
 */
const DISPOSITION = {
  accepted: "accepted",
  "bad-request": "refused",
  denied: "final",
  "not-found": "refused",
  "receiver-timeout": "passing",
  gone: "disabled",
  "too-large": "final",
  throttled: "passing",
  "failed-in-cluster": "passing",
  unavailable: "passing",
  "server-error": "passing",
  redirected: "final",
  "wrong-endpoint": "final",
  "unexpected-status": "final",
  "timed-out": "passing",
  unresolved: "passing",
  unreachable: "passing",
  "connection-lost": "passing",
  "tls-failed": "passing",
  "address-refused": "refused",
  "identity-unavailable": "passing",
  misconfigured: "final",
  cancelled: "passing",
} as const satisfies Record<OutcomeCode, "accepted" | "passing" | "refused" | "final" | "disabled">;

/** Why a delivery waits, is parked or disabled: an outcome, or what many of them came to. */
export type ScheduleReason = OutcomeCode | "absent-neighbour" | "retries-exhausted";

export type NextAttempt =
  | { readonly kind: "accepted" }
  | {
      readonly kind: "retry";
      readonly atMs: number;
      readonly reason: ScheduleReason;
      /** Present while the receiver refuses: hand it back next time. */
      readonly refusedSinceMs?: number;
    }
  /** Waits for a person, a newer decision, or another configuration of this receiver. */
  | { readonly kind: "parked"; readonly reason: ScheduleReason; readonly lastOutcome: OutcomeCode }
  /** The receiver as a whole gets nothing more until a person enables it. */
  | { readonly kind: "disabled"; readonly reason: ScheduleReason };

export interface AttemptHistory {
  readonly outcome: Pick<Outcome, "code" | "retryAfter">;
  /** 1 after the first attempt. */
  readonly attempt: number;
  readonly firstAttemptAtMs: number;
  /** What the attempt before this one came to. */
  readonly previousOutcome?: OutcomeCode;
  /** From this function's answer to the attempt before. */
  readonly refusedSinceMs?: number;
  readonly nowMs: number;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/** `Retry-After` in seconds or as an HTTP date: how long to wait from now, capped; `undefined` when it says neither. */
export const parseRetryAfter = (value: string | undefined, nowMs: number): number | undefined => {
  const text = value?.trim() ?? "";
  const waitMs = /^\d{1,10}$/.test(text)
    ? Number(text) * SECOND_MS
    : (parseHttpDate(text) ?? Number.NaN) - nowMs;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS);
};

/** Half to one and a half times the mean, so that what failed together does not return together. */
const backOffMs = (attempt: number, random: number): number => {
  const index = Math.min(Math.max(attempt, 1), DELAYS_MS.length) - 1;
  return (DELAYS_MS[index] ?? HOUR_MS) * (0.5 + random);
};

/** Jitter only upwards: coming earlier than asked is what a throttled receiver punishes. */
const waitMs = ({ outcome, attempt, nowMs, random }: AttemptHistory): number => {
  const ownMs = backOffMs(attempt, random);
  const askedMs = parseRetryAfter(outcome.retryAfter, nowMs);
  return askedMs === undefined ? ownMs : Math.max(ownMs, askedMs * (1 + random / 10));
};

/** The next attempt, the last one exactly at the deadline; `undefined` once that has passed. */
const nextBefore = (deadlineMs: number, history: AttemptHistory): number | undefined => {
  if (history.nowMs >= deadlineMs) return undefined;
  return Math.ceil(Math.min(history.nowMs + waitMs(history), deadlineMs));
};

/** The ten minutes count from the first refusal; a caller that kept no note of it gets the shorter wait. */
const refusedSince = ({
  previousOutcome,
  refusedSinceMs,
  firstAttemptAtMs,
  nowMs,
}: AttemptHistory): number => {
  if (refusedSinceMs !== undefined) return refusedSinceMs;
  const isFirstRefusal = previousOutcome !== undefined && DISPOSITION[previousOutcome] !== "refused";
  return isFirstRefusal ? nowMs : firstAttemptAtMs;
};

const retryRefused = (history: AttemptHistory): NextAttempt => {
  const { code } = history.outcome;
  const refusedSinceMs = refusedSince(history);
  const horizonMs = history.firstAttemptAtMs + RETRY_HORIZON_MS;
  const atMs = nextBefore(Math.min(refusedSinceMs + REFUSED_HORIZON_MS, horizonMs), history);
  return atMs === undefined
    ? { kind: "parked", reason: code, lastOutcome: code }
    : { kind: "retry", atMs, reason: code, refusedSinceMs };
};

const retryPassing = (history: AttemptHistory): NextAttempt => {
  const { code } = history.outcome;
  const atMs = nextBefore(history.firstAttemptAtMs + RETRY_HORIZON_MS, history);
  if (atMs === undefined) return { kind: "parked", reason: "retries-exhausted", lastOutcome: code };
  // One absent object in `resources` makes every POST a 500, though the wanted ones were annotated.
  const lasting = code === "failed-in-cluster" && history.attempt >= NEIGHBOUR_HINT_ATTEMPTS;
  return { kind: "retry", atMs, reason: lasting ? "absent-neighbour" : code };
};

/** What follows an attempt. Pure: the same history gives the same answer. */
export const nextAttempt = (history: AttemptHistory): NextAttempt => {
  const { code } = history.outcome;
  switch (DISPOSITION[code]) {
    case "accepted":
      return { kind: "accepted" };
    case "disabled":
      return { kind: "disabled", reason: code };
    case "final":
      return { kind: "parked", reason: code, lastOutcome: code };
    case "refused":
      return retryRefused(history);
    case "passing":
      return retryPassing(history);
  }
};
