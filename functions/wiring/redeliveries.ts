import { createGitHubDeliveries } from "../../shared/adapters/node/github-deliveries.ts";
import { createLazyGuardedFetch } from "../../shared/adapters/node/lazy-guarded-fetch.ts";
import type { Config } from "../../shared/config/config.ts";
import { type RedeliverDeps, redeliverFailed } from "../../shared/pipeline/sweep/redeliver.ts";
import type { SecretSource } from "../../shared/ports.ts";

const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** Of one turn where nothing but the next one limits it. */
const TURN_TIMEOUT_MS = 5 * 60_000;

/** One turn of the timer: each source whose sender keeps a list of what failed is asked for it. */
export type AskForRedeliveries = () => Promise<void>;

/**
 * Undefined where no source has `redelivery`. One sender's trouble does not keep the others from being asked, and each
 * has its part of the turn's time.
 */
export const createRedeliveries = (
  { sources, network }: Pick<Config, "sources" | "network">,
  secrets: SecretSource,
  deps: RedeliverDeps,
  turnTimeoutMs = TURN_TIMEOUT_MS,
): AskForRedeliveries | undefined => {
  const asked = sources.flatMap(({ name, redelivery }) =>
    redelivery === undefined ? [] : [{ name, redelivery }],
  );
  if (asked.length === 0) return undefined;
  const timeoutMs = Math.floor(turnTimeoutMs / asked.length);
  return async () => {
    const { fetch, close } = createLazyGuardedFetch({
      allow: network.allowPrivate,
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
    try {
      for (const { name, redelivery } of asked) {
        const sender = createGitHubDeliveries(redelivery, fetch, secrets);
        await redeliverFailed(deps, name, sender, AbortSignal.timeout(timeoutMs)).catch((error: unknown) =>
          deps.log("redelivery-failed", { source: name, reason: String(error) }),
        );
      }
    } finally {
      await close();
    }
  };
};
