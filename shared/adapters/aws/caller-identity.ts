import type { STSClient } from "@aws-sdk/client-sts";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { CallerIdentity, Clock } from "../../ports.ts";

const LIFE_S = 300;
const USED_OF_LIFE = 0.8;
const MAX_AUDIENCES = 1_000;

interface Cached {
  readonly token: Secret;
  readonly untilMs: number;
}

/**
 * Tokens by which AWS says who we are (`sts:GetWebIdentityToken`), one audience each, so that no cluster can use ours
 * on another. Their subject is the function's role; the account must have outbound identity federation enabled.
 */
export const createAwsCallerIdentity = (sts: () => Promise<STSClient>, clock: Clock): CallerIdentity => {
  const cache = new Map<string, Cached>();

  const ask = async (audience: string, abortSignal: AbortSignal): Promise<Cached> => {
    const { GetWebIdentityTokenCommand } = await import("@aws-sdk/client-sts");
    const client = await sts();
    const nowMs = clock.nowMs();
    const { WebIdentityToken, Expiration } = await client.send(
      new GetWebIdentityTokenCommand({
        Audience: [audience],
        SigningAlgorithm: "RS256",
        DurationSeconds: LIFE_S,
      }),
      { abortSignal },
    );
    if (!WebIdentityToken) throw new Error("NoToken");
    const lifeMs = (Expiration?.getTime() ?? nowMs + LIFE_S * 1_000) - nowMs;
    return { token: new Secret(WebIdentityToken), untilMs: nowMs + lifeMs * USED_OF_LIFE };
  };

  return async (audience, signal) => {
    const known = cache.get(audience);
    if (known !== undefined && clock.nowMs() < known.untilMs) return known.token;
    try {
      const fresh = await ask(audience, signal);
      cache.delete(audience);
      cache.set(audience, fresh);
      const [oldest] = cache.keys();
      if (cache.size > MAX_AUDIENCES && oldest !== undefined) cache.delete(oldest);
      return fresh.token;
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : "unknown error";
      const message = `a token for ${audience}: STS answered ${name}; enable outbound web identity federation and allow sts:GetWebIdentityToken`;
      throw new PipelineError(message, { code: "SECRET_UNAVAILABLE", cause });
    }
  };
};
