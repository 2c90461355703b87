import { OrasError } from "oras-js";
import { PipelineError } from "../errors.ts";

/** The command cannot go on as it was called; always exit code 2. `message` says what to write instead. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** For `--json`: `USAGE`, or a code of the command's own. */
  readonly code: string;

  constructor(message: string, options: { code: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
  }
}

export const usageError = (message: string): CliError => new CliError(message, { code: "USAGE" });

export interface ErrorReport {
  readonly code: string;
  /** One line, or one per problem of a configuration. */
  readonly message: string;
}

/** What people and scripts are told about an error. An error that nobody foresaw says so: it is our bug. */
export const toReport = (error: unknown): ErrorReport => {
  if (error instanceof PipelineError || error instanceof CliError) {
    return { code: error.code, message: error.message };
  }
  if (error instanceof OrasError) {
    return { code: error.code === "REFERENCE_INVALID" ? "USAGE" : error.code, message: error.message };
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    return { code: "TIMEOUT", message: "no answer in time; try again, or allow more with --timeout" };
  }
  if (error instanceof Error && error.name === "AbortError") return { code: "STOPPED", message: "stopped" };
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "INTERNAL", message: `unexpected error, please report it: ${reason.split("\n")[0]}` };
};
