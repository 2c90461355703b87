import type { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import { keepFresh, ofLife } from "../remote/kept.ts";

export interface EntraToken {
  readonly value: Secret;
  readonly expiresAtMs: number;
}

/** Gives an access token of Microsoft Entra for one resource, such as `https://vault.azure.net`. Throws `SECRET_UNAVAILABLE`. */
export type EntraTokenSource = (resource: string, signal: AbortSignal) => Promise<EntraToken>;

/** Keeps each resource's token for most of its life; `timeoutMs` is for a source that takes long. */
export const keepEntraTokens = (
  source: EntraTokenSource,
  clock: Clock,
  timeoutMs?: number,
): EntraTokenSource =>
  keepFresh<EntraToken>({
    nowMs: clock.nowMs,
    async ask(resource, signal) {
      const token = await source(resource, signal);
      return { value: token, keepMs: ofLife(token.expiresAtMs - clock.nowMs()) };
    },
    failure: (resource, cause) =>
      new PipelineError(`Entra token for ${resource}: none in time`, { code: "SECRET_UNAVAILABLE", cause }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
