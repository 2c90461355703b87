const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** When to look for late evidence, after the push: most signatures follow within seconds, CI's within minutes. */
const CHECKS_MS: readonly number[] = [
  15 * SECOND_MS,
  30 * SECOND_MS,
  1 * MINUTE_MS,
  2 * MINUTE_MS,
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  15 * MINUTE_MS,
];

/** After the schedule, for deadlines set longer than it. */
const REPEAT_MS = 15 * MINUTE_MS;

/** The next look: the schedule's next time after `nowMs`, at the latest the deadline itself. */
export const nextCheckAtMs = (sinceMs: number, deadlineMs: number, nowMs: number): number => {
  const next = CHECKS_MS.map((offsetMs) => sinceMs + offsetMs).find((atMs) => atMs > nowMs);
  return Math.min(next ?? nowMs + REPEAT_MS, deadlineMs);
};
