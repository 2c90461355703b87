import { expect, test } from "vitest";
import { nextCheckAtMs } from "../../../shared/pipeline/evaluate/evidence-schedule.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

test.each([
  [0, DAY_MS, 15_000],
  [14_999, DAY_MS, 15_000],
  [15_000, DAY_MS, 30_000],
  [45_000, DAY_MS, MINUTE_MS],
  [10 * MINUTE_MS, DAY_MS, 15 * MINUTE_MS],
  [15 * MINUTE_MS, DAY_MS, 30 * MINUTE_MS],
  [100 * MINUTE_MS, DAY_MS, 115 * MINUTE_MS],
  [0, 10_000, 10_000],
  [9_999, 10_000, 10_000],
  // The clock was set back: never further off than the deadline.
  [-DAY_MS, MINUTE_MS, 15_000],
])("at %i with a deadline at %i the next look is at %i", (nowMs, deadlineMs, expected) => {
  expect(nextCheckAtMs(0, deadlineMs, nowMs)).toBe(expected);
});
