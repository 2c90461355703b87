import { defineConfig } from "vitest/config";

const full = process.env.SLUICE_INTEROP_SET === "full";

export default defineConfig({
  test: {
    include: ["test/interop/**/*.interop.test.ts"],
    exclude: full ? [] : ["test/interop/**/*.full.interop.test.ts"],
    // One world at a time: two cores, and some peers have ports that cannot be chosen.
    fileParallelism: false,
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
  },
});
