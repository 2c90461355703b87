import type { Outcome, OutcomeCode } from "../../delivery/outcomes.ts";
import { type NextAttempt, nextAttempt } from "../../delivery/schedule.ts";
import type { Receiver } from "../../receiver.ts";
import type { AttemptRecord, OutboxEntry } from "../../state.ts";
import type { DeliverDeps } from "../deps.ts";

/** What the schedule keeps of anything that one receiver is to hear: an entry of the outbox, or the head of a feed. */
export type Scheduled = Pick<
  OutboxEntry,
  | "decisionId"
  | "attempts"
  | "firstAttemptAtMs"
  | "rearmed"
  | "nextAttemptAtMs"
  | "lastOutcome"
  | "refusedSinceMs"
  | "reason"
  | "parked"
>;

/** What follows an attempt that just ended in `outcome`. */
export const scheduleNext = (
  { random }: Pick<DeliverDeps, "random">,
  scheduled: Scheduled,
  outcome: Outcome,
  nowMs: number,
): NextAttempt =>
  nextAttempt({
    outcome,
    attempt: scheduled.attempts - (scheduled.rearmed?.attempts ?? 0) + 1,
    firstAttemptAtMs: scheduled.firstAttemptAtMs ?? nowMs - outcome.durationMs,
    // Only ever written from an Outcome's code while something is due.
    ...(scheduled.lastOutcome === undefined ? {} : { previousOutcome: scheduled.lastOutcome as OutcomeCode }),
    ...(scheduled.refusedSinceMs === undefined ? {} : { refusedSinceMs: scheduled.refusedSinceMs }),
    nowMs,
    random: random.fraction(),
  });

/** One request more, whatever follows from it. */
export const counted = <S extends Scheduled>(scheduled: S, outcome: Outcome, nowMs: number) => {
  const { nextAttemptAtMs: _next, refusedSinceMs: _refused, reason: _reason, ...rest } = scheduled;
  return {
    ...rest,
    attempts: scheduled.attempts + 1,
    firstAttemptAtMs: scheduled.firstAttemptAtMs ?? nowMs - outcome.durationMs,
    lastOutcome: outcome.code,
  };
};

/** After an attempt that was not accepted: due again, or set aside with how the receiver was reached. */
export const afterFailure = <S extends Scheduled>(
  scheduled: S,
  outcome: Outcome,
  next: Exclude<NextAttempt, { kind: "accepted" }>,
  configuration: string,
  nowMs: number,
) => {
  const tried = { ...counted(scheduled, outcome, nowMs), reason: next.reason };
  if (next.kind === "retry") {
    const refused = next.refusedSinceMs === undefined ? {} : { refusedSinceMs: next.refusedSinceMs };
    return { ...tried, state: "due", nextAttemptAtMs: next.atMs, ...refused } as const;
  }
  const { secrets } = outcome;
  const parked = { atMs: nowMs, configuration, ...(secrets === undefined ? {} : { secrets }) };
  return { ...tried, state: next.kind, parked } as const;
};

/** The whole schedule anew, as if it had just been decided; attempts are counted on. */
export const rearmed = <S extends Scheduled>(scheduled: S, nowMs: number) => {
  const {
    firstAttemptAtMs: _first,
    refusedSinceMs: _refused,
    lastOutcome: _last,
    reason: _reason,
    parked: _parked,
    ...rest
  } = scheduled;
  const again = { atMs: nowMs, attempts: scheduled.attempts };
  return { ...rest, state: "due", nextAttemptAtMs: nowMs, rearmed: again } as const;
};

/** Reached another way than when it was parked: another address, type or place of secrets, or other secrets there. */
export const isReachedOtherwise = async (
  { handlingOf, secretsOf }: Pick<DeliverDeps, "handlingOf" | "secretsOf">,
  receiver: Receiver,
  parked: NonNullable<Scheduled["parked"]>,
): Promise<boolean> => {
  if (handlingOf(receiver).configuration !== parked.configuration) return true;
  // Parked by an older Sluice: nothing to compare with.
  if (parked.secrets === undefined) return false;
  const secrets = await secretsOf(receiver);
  return secrets !== undefined && secrets !== parked.secrets;
};

/** The record of one attempt. `about` names what was told, where that is not the decision as a whole. */
export const toAttemptRecord = (
  { decisionId, attempts }: Scheduled,
  where: Pick<AttemptRecord, "subscription" | "receiver" | "deliveryId">,
  { code, status, durationMs }: Outcome,
  next: NextAttempt,
  atMs: number,
  about = decisionId,
): AttemptRecord => {
  const attempt = attempts + 1;
  return {
    kind: "attempt",
    id: `${about}/${where.receiver}/${attempt}/${atMs}`,
    decisionId,
    atMs,
    ...where,
    attempt,
    outcome: code,
    durationMs,
    ...(status === undefined ? {} : { status }),
    next: next.kind,
    ...("reason" in next && next.reason !== code ? { reason: next.reason } : {}),
  };
};
