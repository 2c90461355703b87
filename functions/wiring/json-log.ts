import { toPrintableJson } from "../../shared/cli/printable.ts";
import type { Log } from "../../shared/pipeline/deps.ts";

/**
 * One JSON object a line: time, event, fields. Errors and secrets never get here as values. Lines of one turn of the
 * event loop leave in one write: a burst of events waits for its log once, not once per event.
 */
export const createJsonLog = (write: (lines: string) => void, nowMs: () => number): Log => {
  let waiting = "";
  const flush = (): void => {
    const lines = waiting;
    waiting = "";
    if (lines !== "") write(lines);
  };
  // What was logged last before an end that was not planned is what is asked for afterwards.
  process.once("exit", flush);
  return (event, fields) => {
    if (waiting === "") setImmediate(flush);
    waiting += `${toPrintableJson({ time: new Date(nowMs()).toISOString(), event, ...fields })}\n`;
  };
};
