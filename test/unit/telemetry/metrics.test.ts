import { expect, test } from "vitest";
import { METRICS, toMeasurements } from "../../../shared/telemetry/metrics.ts";

test.each([
  ["decision", { outcome: "notify" }, [{ name: "Decisions", value: 1, dimension: { outcome: "notify" } }]],
  [
    "attempt",
    { outcome: "accepted", durationMs: 12 },
    [
      { name: "Attempts", value: 1, dimension: { outcome: "accepted" } },
      { name: "AttemptDuration", value: 12 },
    ],
  ],
  ["work-parked", {}, [{ name: "DeadLetters", value: 1, dimension: { work: "unknown" } }]],
  ["catalog-loaded", {}, []],
] as const)("%s", (event, fields, measured) => {
  expect(toMeasurements(event, fields)).toEqual(measured);
});

test("no metric is split by what an outsider chooses", () => {
  const dimensions = Object.values(METRICS).map((metric) =>
    "dimension" in metric ? metric.dimension : undefined,
  );
  expect(new Set(dimensions)).toEqual(new Set(["source", "outcome", "work", undefined]));
});
