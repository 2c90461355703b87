import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "test/{unit,contract,property,simulation,conformance,crash}/**/*.test.ts",
      "shared/oras-js/test/**/*.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
