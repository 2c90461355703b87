import { describe, expect, test } from "vitest";
import {
  type Circuit,
  CLOSED,
  FAILURES_TO_OPEN,
  mayTry,
  onResult,
  onTry,
} from "../../../shared/delivery/circuit.ts";
import type { OutcomeCode } from "../../../shared/delivery/outcomes.ts";

const fail = (circuit: Circuit, times: number, nowMs: number, code: OutcomeCode = "unreachable"): Circuit => {
  let next = circuit;
  for (let index = 0; index < times; index += 1) next = onResult(next, { code }, nowMs, 0.5);
  return next;
};

const opened = fail(CLOSED, FAILURES_TO_OPEN, 1_000);

describe("circuit", () => {
  test("opens after failures in a row, and not before", () => {
    expect(mayTry(fail(CLOSED, FAILURES_TO_OPEN - 1, 1_000), 1_000)).toBe(true);
    expect(opened).toEqual({ state: "open", untilMs: 6_000, openings: 1 });
    expect(mayTry(opened, 5_999)).toBe(false);
    expect(mayTry(opened, 6_000)).toBe(true);
  });

  test("an answer between failures starts the count again", () => {
    const once = onResult(fail(CLOSED, FAILURES_TO_OPEN - 1, 0), { code: "not-found" }, 0, 0.5);
    expect(fail(once, 1, 0)).toEqual({ state: "closed", failures: 1 });
  });

  test("lets one attempt through to see, and another when that one's result never comes", () => {
    const probing = onTry(opened, 6_000);
    expect(mayTry(probing, 6_001)).toBe(false);
    expect(mayTry(probing, 6_000 + 199_999)).toBe(false);
    expect(mayTry(probing, 6_000 + 200_000)).toBe(true);
  });

  test("each failed probe doubles the wait, up to five minutes", () => {
    let circuit = opened;
    const waits: number[] = [];
    let nowMs = 6_000;
    for (let index = 0; index < 9; index += 1) {
      circuit = onResult(onTry(circuit, nowMs), { code: "timed-out" }, nowMs, 0.5);
      if (circuit.state === "closed" || circuit.state === "disabled") throw new Error(circuit.state);
      waits.push(circuit.untilMs - nowMs);
      nowMs = circuit.untilMs;
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000, 300_000]);
  });

  test.each([
    "accepted",
    "bad-request",
    "not-found",
    "failed-in-cluster",
    "unavailable",
    "too-large",
  ] as const)("%s comes from a receiver that is alive", (code) => {
    expect(onResult(onTry(opened, 6_000), { code }, 6_100, 0.5)).toEqual(CLOSED);
  });

  test("late failures of attempts that were out do not lengthen it", () => {
    expect(fail(opened, 20, 2_000)).toEqual(opened);
  });

  test.each(["cancelled", "identity-unavailable", "address-refused"] as const)(
    "%s says nothing about the receiver, and gives its probe back",
    (code) => {
      expect(fail(CLOSED, 50, 0, code)).toEqual(CLOSED);
      const returned = onResult(onTry(opened, 6_000), { code }, 6_100, 0.5);
      expect(mayTry(returned, 6_100)).toBe(true);
      expect(returned.state).toBe("open");
    },
  );

  test("Retry-After with 429 opens it at once until then", () => {
    const throttled = onResult(CLOSED, { code: "throttled", retryAfter: "30" }, 1_000, 0.5);
    expect(throttled).toMatchObject({ state: "open", untilMs: 31_000 });
  });
});
