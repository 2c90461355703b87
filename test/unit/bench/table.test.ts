import { describe, expect, test } from "vitest";
import { type BenchRow, isMet, median, quantile } from "../../bench/row.ts";
import { formatNumber, toTable } from "../../bench/table.ts";

const row = (changes: Partial<BenchRow>): BenchRow => ({ name: "x", value: 10, unit: "ms", ...changes });

describe("a goal", () => {
  test.each<{ shows: string; changes: Partial<BenchRow>; met: boolean | undefined }>([
    { shows: "none asked", changes: {}, met: undefined },
    { shows: "at the bound", changes: { goal: { of: "value", atMost: 10 } }, met: true },
    { shows: "above the bound", changes: { goal: { of: "value", atMost: 9.99 } }, met: false },
    { shows: "below what is wanted", changes: { goal: { of: "value", atLeast: 11 } }, met: false },
    {
      shows: "a ratio that holds though the value is large",
      changes: { beside: { name: "floor", value: 8 }, goal: { of: "ratio", atMost: 1.5 } },
      met: true,
    },
    { shows: "a ratio to nothing", changes: { goal: { of: "ratio", atMost: 1.5 } }, met: false },
    {
      shows: "no figure at all",
      changes: { value: Number.NaN, goal: { of: "value", atLeast: 0 } },
      met: false,
    },
  ])("$shows", ({ changes, met }) => {
    expect(isMet(row(changes))).toBe(met);
  });
});

test.each([
  { value: 0.01234, text: "0.0123" },
  { value: 1.3, text: "1.30" },
  { value: 3_000, text: "3,000" },
  { value: 123_456.7, text: "123,457" },
  { value: 4, text: "4" },
  { value: Number.NaN, text: "–" },
])("$value is written $text", ({ value, text }) => {
  expect(formatNumber(value)).toBe(text);
});

test("quantiles are samples, never between two", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(quantile([], 0.5)).toBeNaN();
});

test("a missed goal stands out in the table", () => {
  const table = toTable([
    row({ beside: { name: "floor", value: 4 }, goal: { of: "ratio", atMost: 2 }, note: "same run" }),
    row({ name: "y", goal: { of: "value", atMost: 20 } }),
  ]);
  const cells = table.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells[2]).toEqual(["", "x (same run)", "10 ms", "floor: 4 ms", "2.50 ×", "≤ 2 ×", "**no**", ""]);
  expect(cells[3]).toEqual(["", "y", "10 ms", "", "", "≤ 20 ms", "yes", ""]);
});
