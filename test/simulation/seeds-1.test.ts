import { test } from "vitest";
import { runSeeds } from "./seeds.ts";

test(
  "even seeds: nothing is lost, nothing unverified leaves, nothing goes backwards",
  {
    timeout: 300_000,
  },
  () => runSeeds(2, 600, 2),
);
