import type { Log } from "../../shared/pipeline/deps.ts";

/** One JSON object a line: time, event, fields. Errors and secrets never get here as values. */
export const createJsonLog =
  (write: (line: string) => void, nowMs: () => number): Log =>
  (event, fields) =>
    write(`${JSON.stringify({ time: new Date(nowMs()).toISOString(), event, ...fields })}\n`);
