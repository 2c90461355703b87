import type { ErrorReport } from "./cli-error.ts";
import type { CliIo } from "./io.ts";
import { printable } from "./printable.ts";

/** An error for people on standard error, one line each; for scripts on standard output, where they listen. */
export const printError = (io: CliIo, json: boolean, { code, message }: ErrorReport): void => {
  if (json) {
    io.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
    return;
  }
  for (const line of message.split("\n")) io.stderr.write(`sluice: ${printable(line)}\n`);
};
