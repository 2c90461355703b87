import type { Secret } from "../../artifact/secret.ts";
import type { Clock } from "../../ports.ts";

export interface EntraToken {
  readonly value: Secret;
  readonly expiresAtMs: number;
}

/** Gives an access token of Microsoft Entra for one resource, such as `https://vault.azure.net`. Throws `SECRET_UNAVAILABLE`. */
export type EntraTokenSource = (resource: string, signal: AbortSignal) => Promise<EntraToken>;

const USED_LIFE = 0.8;

interface Kept {
  readonly token: Promise<EntraToken>;
  untilMs: number;
}

/** Keeps each resource's token for 80 % of its life; callers at the same time share one request. */
export const keepEntraTokens = (source: EntraTokenSource, clock: Clock): EntraTokenSource => {
  const kept = new Map<string, Kept>();
  return (resource, signal) => {
    const askedAtMs = clock.nowMs();
    const before = kept.get(resource);
    if (before !== undefined && askedAtMs < before.untilMs) return before.token;
    const token = source(resource, signal);
    const now: Kept = { token, untilMs: Number.POSITIVE_INFINITY };
    kept.set(resource, now);
    token.then(
      ({ expiresAtMs }) => {
        now.untilMs = askedAtMs + (expiresAtMs - askedAtMs) * USED_LIFE;
      },
      // A failure is for those who asked, not for those who ask next.
      () => {
        if (kept.get(resource) === now) kept.delete(resource);
      },
    );
    return token;
  };
};
