import { describe, expect, test } from "vitest";
import { parseHttpDate, parseRfc3339, toRfc3339 } from "../../shared/civil-time.ts";

describe("civil time", () => {
  test.each([
    { text: "2026-11-22T14:05:00Z", expected: "2026-11-22T14:05:00.000Z" },
    { text: "2026-11-22T14:05:00.5+02:00", expected: "2026-11-22T12:05:00.500Z" },
    { text: "2026-11-22t14:05:00.123456789-05:30", expected: "2026-11-22T19:35:00.123Z" },
    { text: "2024-02-29T00:00:00Z", expected: "2024-02-29T00:00:00.000Z" },
    { text: "2016-12-31T23:59:60Z", expected: "2016-12-31T23:59:59.000Z" },
  ])("reads $text", ({ text, expected }) => {
    expect(toRfc3339(parseRfc3339(text) ?? 0)).toBe(expected);
  });

  test.each([
    "2023-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-11-00T00:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T14:05:00",
    "2026-11-22 14:05:00Z",
    "2026-11-22T14:05:00+24:00",
    "20261122T140500Z",
    "",
  ])("refuses %j", (text) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });

  test("reads an HTTP date", () => {
    expect(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT")).toBe(784_111_777_000);
  });
});
