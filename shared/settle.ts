import { PipelineError } from "./errors.ts";

/** What the queue should do with the message. `drop` is done with it, for a reason to be said; `park` moves it to the dead letters with the reason. */
export type Settlement =
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly error: unknown; readonly afterMs: number | undefined }
  | { readonly kind: "drop"; readonly reason: string }
  | { readonly kind: "park"; readonly reason: string };

const toReason = ({ code, message }: PipelineError): string => `${code}: ${message}`;

/** Runs one message's work and says what the queue should do with it. Anything that is not a PipelineError is our bug: retried, and the queue's limit parks it. */
export const settle = async (work: () => Promise<unknown>): Promise<Settlement> => {
  try {
    await work();
    return { kind: "done" };
  } catch (error) {
    if (!(error instanceof PipelineError)) return { kind: "retry", error, afterMs: undefined };
    switch (error.disposition) {
      case "retry":
        return { kind: "retry", error, afterMs: error.retryAfterMs };
      case "dead-letter":
        return { kind: "park", reason: toReason(error) };
      case "drop":
        return { kind: "drop", reason: toReason(error) };
    }
  }
};
