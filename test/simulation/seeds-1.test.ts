import { test } from "vitest";
import { runSeeds, SEEDS } from "./seeds.ts";

test(
  "even seeds: nothing is lost, nothing unverified leaves, nothing goes backwards",
  { timeout: SEEDS * 2_000 },
  () => runSeeds(1, 2),
);
