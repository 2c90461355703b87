import { type ErrorCode, PipelineError } from "../../errors.ts";

/** Longer than any answer of a storage service that is still worth waiting for, its client's own retries included. */
const CALL_TIMEOUT_MS = 20_000;

/** Ends one call to a service, with all the retries that its client makes. */
export const callDeadline = (): AbortSignal => AbortSignal.timeout(CALL_TIMEOUT_MS);

const fieldOf = (error: unknown, name: string): unknown =>
  typeof error === "object" && error !== null ? (error as Record<string, unknown>)[name] : undefined;

/** The HTTP status of an error of Azure's clients; undefined where there was no answer. */
export const statusOf = (error: unknown): number | undefined => {
  const status = fieldOf(error, "statusCode");
  return typeof status === "number" ? status : undefined;
};

/** The service's own error code, such as `EntityAlreadyExists`; some clients keep it beside the error, some inside. */
export const serviceCodeOf = (error: unknown): string => {
  const inside = fieldOf(fieldOf(fieldOf(error, "details"), "odataError"), "code");
  const code = fieldOf(error, "code") ?? inside;
  return typeof code === "string" ? code : "no answer";
};

/** An error of Azure's clients in one line. Their own messages quote requests, so nothing else of them is kept. */
export const toUnavailable = (what: string, code: ErrorCode, error: unknown): PipelineError => {
  if (error instanceof PipelineError) return error;
  const status = statusOf(error);
  const answer = status === undefined ? serviceCodeOf(error) : `${status} ${serviceCodeOf(error)}`;
  return new PipelineError(`${what}: ${answer}`, { code });
};
