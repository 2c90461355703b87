import type { Clock } from "../../ports.ts";

/** For how long something took. Nobody sets it; it may stand still while the machine is suspended. */
export interface Stopwatch {
  runningMs(): number;
}

/** Milliseconds since it was started. */
export type Age = () => number;

/**
 * By whichever clock says more: the one on the wall may be set back, the other may stand still. Too old costs another
 * look, too young is not safe.
 */
export const startAge = ({
  clock,
  stopwatch,
}: {
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
}): Age => {
  const wallMs = clock.nowMs();
  const runningMs = stopwatch.runningMs();
  return () => Math.max(clock.nowMs() - wallMs, stopwatch.runningMs() - runningMs);
};
