import { describe, expect, test } from "vitest";
import { OUTCOMES, type OutcomeCode, outcomeOfStatus } from "../../../shared/delivery/outcomes.ts";
import {
  type AttemptHistory,
  MAX_RETRY_AFTER_MS,
  type NextAttempt,
  nextAttempt,
  parseRetryAfter,
  REFUSED_HORIZON_MS,
  RETRY_HORIZON_MS,
} from "../../../shared/delivery/schedule.ts";

const START_MS = 1_795_356_300_000;
const MINUTE_MS = 60_000;

const history = (code: OutcomeCode, extra: Partial<AttemptHistory> = {}): AttemptHistory => ({
  outcome: { code },
  attempt: 1,
  firstAttemptAtMs: START_MS,
  nowMs: START_MS,
  random: 0.5,
  ...extra,
});

/** Plays a receiver that always answers the same until nothing more is scheduled. */
const play = (code: OutcomeCode, random: () => number) => {
  const timesMs = [0];
  const reasons: string[] = [];
  let nowMs = START_MS;
  let refusedSinceMs: number | undefined;
  for (let attempt = 1; attempt <= 200; attempt += 1) {
    const next: NextAttempt = nextAttempt({
      ...history(code, { attempt, nowMs, random: random() }),
      ...(refusedSinceMs === undefined ? {} : { refusedSinceMs }),
    });
    if (next.kind !== "retry") return { timesMs, reasons, end: next };
    expect(next.atMs).toBeGreaterThan(nowMs);
    reasons.push(next.reason);
    ({ atMs: nowMs, refusedSinceMs } = next);
    timesMs.push(nowMs - START_MS);
  }
  throw new Error("never ends");
};

describe("statuses", () => {
  test.each([
    { status: 200, flux: "accepted", endpoint: "accepted" },
    { status: 202, flux: "wrong-endpoint", endpoint: "accepted" },
    { status: 204, flux: "wrong-endpoint", endpoint: "accepted" },
    { status: 301, flux: "redirected", endpoint: "redirected" },
    { status: 307, flux: "redirected", endpoint: "redirected" },
    { status: 400, flux: "bad-request", endpoint: "bad-request" },
    { status: 401, flux: "denied", endpoint: "denied" },
    { status: 403, flux: "denied", endpoint: "denied" },
    { status: 404, flux: "not-found", endpoint: "not-found" },
    { status: 405, flux: "unexpected-status", endpoint: "unexpected-status" },
    { status: 408, flux: "receiver-timeout", endpoint: "receiver-timeout" },
    { status: 410, flux: "gone", endpoint: "gone" },
    { status: 413, flux: "too-large", endpoint: "too-large" },
    { status: 429, flux: "throttled", endpoint: "throttled" },
    { status: 431, flux: "unexpected-status", endpoint: "unexpected-status" },
    { status: 500, flux: "failed-in-cluster", endpoint: "server-error" },
    { status: 501, flux: "unexpected-status", endpoint: "unexpected-status" },
    { status: 502, flux: "server-error", endpoint: "server-error" },
    { status: 503, flux: "unavailable", endpoint: "unavailable" },
    { status: 504, flux: "server-error", endpoint: "server-error" },
    { status: 599, flux: "server-error", endpoint: "server-error" },
  ])("$status is $flux from Flux and $endpoint from an endpoint", ({ status, flux, endpoint }) => {
    expect(outcomeOfStatus(status, "flux")).toBe(flux);
    expect(outcomeOfStatus(status, "endpoint")).toBe(endpoint);
  });

  test.each(Object.keys(OUTCOMES) as OutcomeCode[])("%s has a sentence and a next step", (code) => {
    expect(OUTCOMES[code]).toMatch(/^[A-Z0-9].+\.$/);
    expect(nextAttempt(history(code)).kind).toMatch(/^(accepted|retry|parked|disabled)$/);
  });
});

describe("nextAttempt", () => {
  test("an accepted delivery is done", () => {
    expect(nextAttempt(history("accepted"))).toEqual({ kind: "accepted" });
  });

  test("410 disables the receiver", () => {
    expect(nextAttempt(history("gone"))).toEqual({ kind: "disabled", reason: "gone" });
  });

  test.each([
    "too-large",
    "denied",
    "redirected",
    "wrong-endpoint",
    "unexpected-status",
    "misconfigured",
  ] as const)("%s parks at once", (code) => {
    expect(nextAttempt(history(code))).toEqual({ kind: "parked", reason: code, lastOutcome: code });
  });

  test.each(["bad-request", "not-found", "address-refused"] as const)(
    "%s is retried for ten minutes, the last time at their end",
    (code) => {
      const { timesMs, end } = play(code, () => 0.5);
      expect(timesMs.at(-1)).toBe(REFUSED_HORIZON_MS);
      expect(timesMs.length).toBeGreaterThan(6);
      expect(end).toEqual({ kind: "parked", reason: code, lastOutcome: code });
    },
  );

  test.each([
    "receiver-timeout",
    "throttled",
    "failed-in-cluster",
    "unavailable",
    "server-error",
    "timed-out",
    "unresolved",
    "unreachable",
    "connection-lost",
    "tls-failed",
    "identity-unavailable",
    "cancelled",
  ] as const)("%s is retried for a day, quickly at first", (code) => {
    const { timesMs, end } = play(code, () => 0.5);
    expect(timesMs.slice(0, 5)).toEqual([0, 1_000, 3_000, 8_000, 23_000]);
    expect(timesMs.at(-1)).toBe(RETRY_HORIZON_MS);
    expect(timesMs.length).toBeLessThan(25);
    expect(end).toEqual({ kind: "parked", reason: "retries-exhausted", lastOutcome: code });
  });

  test("a 500 that lasts is named for what it most likely is", () => {
    const { reasons } = play("failed-in-cluster", () => 0.5);
    expect(reasons.slice(0, 6)).toEqual([
      ...Array(4).fill("failed-in-cluster"),
      "absent-neighbour",
      "absent-neighbour",
    ]);
  });

  test("jitter spreads by half the wait either way", () => {
    const at = (random: number) => nextAttempt(history("unreachable", { attempt: 4, random }));
    expect(at(0)).toMatchObject({ atMs: START_MS + 7_500 });
    expect(at(0.999)).toMatchObject({ atMs: START_MS + 22_485 });
  });

  test("after an outage of hours a 404 has its own ten minutes", () => {
    const nowMs = START_MS + 3 * 60 * MINUTE_MS;
    const next = nextAttempt(history("not-found", { attempt: 12, nowMs, previousOutcome: "unreachable" }));
    expect(next).toMatchObject({ kind: "retry", refusedSinceMs: nowMs });
  });

  test("a caller that keeps no note of the first refusal gets the shorter wait", () => {
    const nowMs = START_MS + 11 * MINUTE_MS;
    expect(nextAttempt(history("not-found", { attempt: 9, nowMs }))).toMatchObject({ kind: "parked" });
    expect(
      nextAttempt(history("not-found", { attempt: 9, nowMs, previousOutcome: "bad-request" })),
    ).toMatchObject({ kind: "parked" });
  });

  test("refusals that alternate with outages end with the day as well", () => {
    const nowMs = START_MS + RETRY_HORIZON_MS;
    expect(
      nextAttempt(history("not-found", { attempt: 40, nowMs, previousOutcome: "unreachable" })),
    ).toMatchObject({ kind: "parked" });
  });
});

describe("Retry-After", () => {
  test.each([
    { value: "120", waitMs: 120_000 },
    { value: " 0 ", waitMs: 0 },
    { value: "999999", waitMs: MAX_RETRY_AFTER_MS },
    { value: "9".repeat(400), waitMs: undefined },
    { value: "-1", waitMs: undefined },
    { value: "1.5", waitMs: undefined },
    { value: "soon", waitMs: undefined },
    { value: "", waitMs: undefined },
    { value: undefined, waitMs: undefined },
    { value: "Sun, 22 Nov 2026 14:06:30 GMT", waitMs: 90_000 },
    { value: "Sun, 22 Nov 2026 14:04:30 GMT", waitMs: 0 },
    { value: "Fri, 31 Dec 9999 23:59:59 GMT", waitMs: MAX_RETRY_AFTER_MS },
    { value: "Sun, 31 Feb 2027 14:06:30 GMT", waitMs: undefined },
    { value: "Sun, 22 Nop 2026 14:06:30 GMT", waitMs: undefined },
  ])("$value means $waitMs ms", ({ value, waitMs }) => {
    expect(parseRetryAfter(value, START_MS)).toBe(waitMs);
  });

  const asked = (retryAfter: string, random: number, extra: Partial<AttemptHistory> = {}) =>
    nextAttempt(history("throttled", { outcome: { code: "throttled", retryAfter }, random, ...extra }));

  test("is never undercut, and jitter only adds to it", () => {
    expect(asked("120", 0)).toMatchObject({ atMs: START_MS + 120_000 });
    expect(asked("120", 0.5)).toMatchObject({ atMs: START_MS + 126_000 });
  });

  test("does not shorten a longer wait of our own", () => {
    expect(asked("1", 0.5, { attempt: 8 })).toMatchObject({ atMs: START_MS + 5 * MINUTE_MS });
  });

  test("counts for 503 as well, and cannot push an attempt past the day", () => {
    const nowMs = START_MS + RETRY_HORIZON_MS - MINUTE_MS;
    const next = nextAttempt(
      history("unavailable", { outcome: { code: "unavailable", retryAfter: "3600" }, nowMs, attempt: 20 }),
    );
    expect(next).toMatchObject({ kind: "retry", atMs: START_MS + RETRY_HORIZON_MS });
  });
});
