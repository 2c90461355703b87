import type { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import { keepFresh, ofLife } from "../remote/kept.ts";

/** Gives a token that is good for a while. Throws `SECRET_UNAVAILABLE`. */
export type AccessTokenSource = (signal: AbortSignal) => Promise<Secret>;

export interface FreshToken {
  readonly secret: Secret;
  readonly lifeMs: number;
}

/** Keeps a token of Google's for most of its life; `what` says in errors whose it is. */
export const cacheToken = (
  what: string,
  fetchToken: (signal: AbortSignal) => Promise<FreshToken>,
  nowMs: () => number,
): AccessTokenSource => {
  const kept = keepFresh<Secret>({
    nowMs,
    async ask(_key, signal) {
      const { secret, lifeMs } = await fetchToken(signal);
      return { value: secret, keepMs: ofLife(lifeMs) };
    },
    failure: (_key, cause) =>
      new PipelineError(`${what}: no token in time`, { code: "SECRET_UNAVAILABLE", cause }),
  });
  return (signal) => kept("", signal);
};
