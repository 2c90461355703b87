import { test } from "vitest";
import { runSeeds } from "./seeds.ts";

test(
  "odd seeds: nothing is lost, nothing unverified leaves, nothing goes backwards",
  {
    timeout: 300_000,
  },
  () => runSeeds(1, 600, 2),
);
