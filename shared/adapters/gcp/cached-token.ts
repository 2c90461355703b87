import type { Secret } from "../../artifact/secret.ts";

/** Gives a token that is good for a while. Throws `SECRET_UNAVAILABLE`. */
export type AccessTokenSource = (signal: AbortSignal) => Promise<Secret>;

export interface FreshToken {
  readonly secret: Secret;
  readonly lifeMs: number;
}

const FETCH_TIMEOUT_MS = 10_000;
/** Of its life a token is used; the rest covers clocks that differ and requests under way. */
const USED_SHARE = 0.8;

const beforeAbort = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });

/** Keeps a token until 80 % of its life. Callers at the same time share one request, which none of them can cancel. */
export const cacheToken = (
  fetchToken: (signal: AbortSignal) => Promise<FreshToken>,
  nowMs: () => number,
): AccessTokenSource => {
  let kept: { readonly secret: Secret; readonly untilMs: number } | undefined;
  let underWay: Promise<Secret> | undefined;
  const refresh = async (): Promise<Secret> => {
    try {
      const { secret, lifeMs } = await fetchToken(AbortSignal.timeout(FETCH_TIMEOUT_MS));
      kept = { secret, untilMs: nowMs() + lifeMs * USED_SHARE };
      return secret;
    } finally {
      underWay = undefined;
    }
  };
  return async (signal) => {
    if (kept !== undefined && nowMs() < kept.untilMs) return kept.secret;
    underWay ??= refresh();
    return beforeAbort(underWay, signal);
  };
};
