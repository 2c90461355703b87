import { test } from "vitest";
import { runSeeds, SEEDS } from "./seeds.ts";

test(
  "odd seeds: nothing is lost, nothing unverified leaves, nothing goes backwards",
  { timeout: SEEDS * 2_000 },
  () => runSeeds(0, 2),
);
