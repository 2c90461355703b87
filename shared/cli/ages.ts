const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `250 ms`, `3 s`, `15 min`, `2 h`, `40 d`: the largest unit that fits, rounded down. */
export const formatDuration = (durationMs: number): string => {
  const whole = Math.max(0, Math.floor(durationMs));
  for (const [unit, unitMs] of UNITS) {
    if (whole >= unitMs) return `${Math.floor(whole / unitMs)} ${unit}`;
  }
  return `${whole} ms`;
};

/** `3 s ago`, `in 2 min`, `now`. */
export const formatAge = (atMs: number, nowMs: number): string => {
  const agoMs = nowMs - atMs;
  if (Math.abs(agoMs) < 1_000) return "now";
  return agoMs > 0 ? `${formatDuration(agoMs)} ago` : `in ${formatDuration(-agoMs)}`;
};
