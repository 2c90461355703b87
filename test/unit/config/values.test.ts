import { expect, test } from "vitest";
import { nearest } from "../../../shared/config/nearest.ts";
import { parseBytes, parseDurationMs } from "../../../shared/config/units.ts";

test.each([
  ["15m", 900_000],
  ["30s", 30_000],
  ["250ms", 250],
  ["90d", 7_776_000_000],
  ["2h", 7_200_000],
  ["0s", 0],
  ["15", undefined],
  ["1.5h", undefined],
  ["1h30m", undefined],
  ["-1s", undefined],
  ["15 m", undefined],
  ["15M", undefined],
  ["9999999999s", undefined],
])("duration %s is %s ms", (text, expected) => {
  expect(parseDurationMs(text)).toBe(expected);
});

test.each([
  ["10MiB", 10_485_760],
  ["1KiB", 1_024],
  ["512B", 512],
  ["1GiB", 1_073_741_824],
  ["10MB", undefined],
  ["10", undefined],
  ["10mib", undefined],
])("size %s is %s bytes", (text, expected) => {
  expect(parseBytes(text)).toBe(expected);
});

test.each([
  ["prot", "port"],
  ["manifest", "manifests"],
  ["Mode", "mode"],
  ["baseURL", "baseUrl"],
  ["zzz", undefined],
  ["x".repeat(1_000), undefined],
])("%s is nearest to %s", (word, expected) => {
  expect(nearest(word, ["port", "manifests", "mode", "baseUrl"])).toBe(expected);
});
