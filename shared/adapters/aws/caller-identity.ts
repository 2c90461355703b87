import type { STSClient } from "@aws-sdk/client-sts";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { CallerIdentity, Clock } from "../../ports.ts";
import { keepFresh, ofLife } from "../remote/kept.ts";

const LIFE_S = 300;

const toFailure = (audience: string, cause: unknown): PipelineError => {
  const name = cause instanceof Error ? cause.name : "unknown error";
  const message = `a token for ${audience}: STS answered ${name}; enable outbound web identity federation and allow sts:GetWebIdentityToken`;
  // Without the cause: an answer that cannot be read is quoted there.
  return new PipelineError(message, { code: "SECRET_UNAVAILABLE" });
};

/**
 * Tokens by which AWS says who we are (`sts:GetWebIdentityToken`), one audience each, so that no cluster can use ours
 * on another. Their subject is the function's role; the account must have outbound identity federation enabled.
 */
export const createAwsCallerIdentity = (sts: () => Promise<STSClient>, clock: Clock): CallerIdentity =>
  keepFresh<Secret>({
    nowMs: clock.nowMs,
    async ask(audience, abortSignal) {
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
      if (!WebIdentityToken) throw new Error("without a token");
      const lifeMs = (Expiration?.getTime() ?? nowMs + LIFE_S * 1_000) - nowMs;
      return { value: new Secret(WebIdentityToken), keepMs: ofLife(lifeMs) };
    },
    failure: toFailure,
  });
