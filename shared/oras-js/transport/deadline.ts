import { OrasError } from "../errors.ts";

/**
 * Runs `work` with a signal that fires after `timeoutMs` or with the caller's own, and says in the error which
 * of the two it was. The promise settles then even if `work` ignores the signal.
 */
export const withDeadline = async <T>(
  what: string,
  timeoutMs: number,
  callerSignal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController();
  const aborted = Promise.withResolvers<never>();
  const end = (error: OrasError): void => {
    aborted.reject(error);
    controller.abort(error);
  };
  const onCallerAbort = (): void =>
    end(new OrasError(`${what}: aborted`, { code: "ABORTED", cause: callerSignal?.reason }));
  if (callerSignal?.aborted === true) onCallerAbort();
  callerSignal?.addEventListener("abort", onCallerAbort, { once: true });
  const timer = setTimeout(
    () => end(new OrasError(`${what}: no complete answer within ${timeoutMs} ms`, { code: "TIMEOUT" })),
    timeoutMs,
  );
  try {
    // The abort wins the race: what `work` throws because of it is only its echo.
    return await Promise.race([
      aborted.promise,
      controller.signal.aborted ? aborted.promise : work(controller.signal),
    ]);
  } finally {
    clearTimeout(timer);
    callerSignal?.removeEventListener("abort", onCallerAbort);
    aborted.promise.catch(() => undefined);
  }
};

/** Waits for a shared promise, but only as long as this caller wants to. */
export const untilAborted = async <T>(
  what: string,
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> => {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void =>
    aborted.reject(new OrasError(`${what}: aborted`, { code: "ABORTED", cause: signal.reason }));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    aborted.promise.catch(() => undefined);
  }
};
