import { expect } from "vitest";
import { simulate } from "./simulate.ts";
import { addTotals, isLively, NO_TOTALS, toTotals } from "./totals.ts";

/** Runs every `step`-th seed from `first` to `last`; a failure names the seed that replays it. */
export const runSeeds = async (first: number, last: number, step: number): Promise<void> => {
  let totals = NO_TOTALS;
  for (let seed = first; seed <= last; seed += step) {
    const outcome = await simulate(seed);
    expect(outcome.violations, `npm run simulate -- --seed ${seed} replays this`).toEqual([]);
    totals = addTotals(totals, toTotals(outcome));
  }
  expect(isLively(totals)).toBe(true);
};
