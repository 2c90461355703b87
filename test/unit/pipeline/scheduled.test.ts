import { describe, expect, test } from "vitest";
import { type Outcome, type OutcomeCode, unsent } from "../../../shared/delivery/outcomes.ts";
import {
  afterFailure,
  counted,
  rearmed,
  type Scheduled,
  scheduleNext,
  toAttemptRecord,
} from "../../../shared/pipeline/deliver/scheduled.ts";

const MIDDLE = { random: { fraction: () => 0.5 } };
const NEW: Scheduled = { decisionId: "d", attempts: 0 };
const WHERE = { subscription: "s", receiver: "r", deliveryId: "b" };

const outcomeOf = (code: OutcomeCode): Outcome => ({ ...unsent(code, 40), status: 500, secrets: "s1" });

/** What is kept after so many failures of one kind, a second apart; the clock is at the last one's end. */
const failTimes = (times: number, code: OutcomeCode, from = NEW, fromMs = 1_000): Scheduled => {
  let kept = from;
  for (let attempt = 0; attempt < times; attempt++) {
    const nowMs = fromMs + attempt * 1_000;
    const next = scheduleNext(MIDDLE, kept, outcomeOf(code), nowMs);
    if (next.kind === "accepted") throw new Error("accepted");
    kept = afterFailure(kept, outcomeOf(code), next, "c1", nowMs);
  }
  return kept;
};

describe("what the schedule keeps", () => {
  test("counts each request, from the beginning of the first", () => {
    expect(counted(NEW, outcomeOf("unavailable"), 1_000)).toEqual({
      decisionId: "d",
      attempts: 1,
      firstAttemptAtMs: 960,
      lastOutcome: "unavailable",
    });
    expect(failTimes(3, "unavailable")).toMatchObject({ attempts: 3, firstAttemptAtMs: 960 });
  });

  test("waits longer after each failure, and from the beginning once it is made due again", () => {
    const failed = failTimes(4, "unavailable");
    expect(failed.nextAttemptAtMs).toBe(4_000 + 15_000);
    const again = rearmed(
      { ...failed, refusedSinceMs: 960, parked: { atMs: 4_000, configuration: "c1" } },
      5_000,
    );
    expect(again).toEqual({
      decisionId: "d",
      state: "due",
      attempts: 4,
      nextAttemptAtMs: 5_000,
      rearmed: { atMs: 5_000, attempts: 4 },
    });
    const next = failTimes(1, "unavailable", again, 6_000);
    expect(next).toMatchObject({ attempts: 5, firstAttemptAtMs: 5_960, nextAttemptAtMs: 6_000 + 1_000 });
  });

  test("forgets since when it was refused once the answer is another", () => {
    const refused = failTimes(2, "not-found");
    expect(refused.refusedSinceMs).toBe(960);
    expect(failTimes(1, "unavailable", refused).refusedSinceMs).toBeUndefined();
  });

  test("says how the receiver was reached when it is set aside", () => {
    expect(failTimes(1, "denied")).toMatchObject({
      state: "parked",
      reason: "denied",
      parked: { atMs: 1_000, configuration: "c1", secrets: "s1" },
    });
    expect(failTimes(1, "denied").nextAttemptAtMs).toBeUndefined();
    expect(failTimes(1, "gone")).toMatchObject({ state: "disabled", reason: "gone" });
  });
});

test("the record of an attempt says what was answered, and has an id that no other attempt has", () => {
  const { nextAttemptAtMs: _next, ...tried } = failTimes(4, "failed-in-cluster");
  const outcome = outcomeOf("failed-in-cluster");
  const next = scheduleNext(MIDDLE, tried, outcome, 9_000);
  expect(toAttemptRecord(tried, WHERE, outcome, next, 9_000)).toEqual({
    kind: "attempt",
    id: "d/r/5/9000",
    decisionId: "d",
    atMs: 9_000,
    ...WHERE,
    attempt: 5,
    outcome: "failed-in-cluster",
    status: 500,
    durationMs: 40,
    next: "retry",
    reason: "absent-neighbour",
  });
  // Of one decision several records may be told.
  expect(toAttemptRecord(tried, WHERE, outcome, next, 9_000, "record")).toMatchObject({
    id: "record/r/5/9000",
    decisionId: "d",
  });
});
