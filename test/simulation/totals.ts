import type { Outcome } from "./simulate.ts";

/** What happened in all runs together. */
export interface Totals {
  readonly runs: number;
  readonly answered: number;
  readonly deliveries: number;
  readonly crashes: number;
}

export const NO_TOTALS: Totals = { runs: 0, answered: 0, deliveries: 0, crashes: 0 };

export const addTotals = (a: Totals, b: Totals): Totals => ({
  runs: a.runs + b.runs,
  answered: a.answered + b.answered,
  deliveries: a.deliveries + b.deliveries,
  crashes: a.crashes + b.crashes,
});

export const toTotals = ({ answered, deliveries, crashes }: Outcome): Totals => ({
  runs: 1,
  answered,
  deliveries,
  crashes,
});

/** A world in which nothing happens would satisfy every check. */
export const isLively = ({ runs, answered, deliveries, crashes }: Totals): boolean =>
  answered > runs * 30 && deliveries > runs * 3 && crashes > runs;
