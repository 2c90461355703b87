import { InvalidArgumentError } from "commander";
import { parseDurationMs } from "../config/units.ts";

/** For options that may be given several times. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
];

/** For options like `--timeout 30s`. */
export const durationOption = (value: string): number => {
  const durationMs = parseDurationMs(value);
  if (durationMs === undefined || durationMs === 0) {
    throw new InvalidArgumentError("Write a number with its unit, such as 30s or 5m.");
  }
  return durationMs;
};

/** `K=V`; the value may hold further `=`. */
export const splitPair = (text: string): readonly [string, string] | undefined => {
  const at = text.indexOf("=");
  return at < 1 ? undefined : [text.slice(0, at), text.slice(at + 1)];
};
