import { expect } from "vitest";
import { simulate } from "./simulate.ts";

/** Seeds of the usual run; SLUICE_SIMULATION_SEEDS asks for more, SLUICE_SIMULATION_SEED for exactly one. */
export const SEEDS = Number(process.env.SLUICE_SIMULATION_SEEDS ?? 2_000);
const ONLY = process.env.SLUICE_SIMULATION_SEED;

/** Runs every `parts`-th seed from `part` on; a failure names the seed that replays it. */
export const runSeeds = async (part: number, parts: number): Promise<void> => {
  const totals = { runs: 0, answered: 0, deliveries: 0, crashes: 0 };
  for (let seed = 1 + part; seed <= SEEDS; seed += parts) {
    if (ONLY !== undefined && seed !== Number(ONLY)) continue;
    const outcome = await simulate(seed);
    expect(outcome.violations, `SLUICE_SIMULATION_SEED=${seed} replays this`).toEqual([]);
    totals.runs++;
    totals.answered += outcome.answered;
    totals.deliveries += outcome.deliveries;
    totals.crashes += outcome.crashes;
  }
  if (ONLY !== undefined) return;
  // A world in which nothing happens would satisfy every check.
  expect(totals.answered).toBeGreaterThan(totals.runs * 100);
  expect(totals.deliveries).toBeGreaterThan(totals.runs * 5);
  expect(totals.crashes).toBeGreaterThan(totals.runs);
};
