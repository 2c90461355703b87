import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Writes down what a real peer was seen to do, one JSON line each; kept with the results of the run. */
export const noteSeen = (topic: string, facts: Readonly<Record<string, unknown>>): void => {
  const file = process.env.SLUICE_INTEROP_SEEN;
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify({ topic, ...facts })}\n`);
};
