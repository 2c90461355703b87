import type { GuardedFetch } from "../../../shared/adapters/node/guarded-fetch.ts";
import { createLazyGuardedFetch } from "../../../shared/adapters/node/lazy-guarded-fetch.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { FetchJson } from "../../../shared/push/token-keys.ts";

const MAX_BYTES = 512 * 1024;

/** Fetches an issuer's keys: https or an allowed private address, no redirects, capped. */
export const createFetchJson = (
  allow: readonly string[],
): { readonly fetchJson: FetchJson; close: GuardedFetch["close"] } => {
  const { fetch, close } = createLazyGuardedFetch({ allow, maxResponseBytes: MAX_BYTES });
  return {
    close,
    fetchJson: async (url, signal) => {
      const response = await fetch(url, { signal, headers: { accept: "application/json" } });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new PipelineError(`${new URL(url).host} answered ${response.status} for its keys`, {
          code: "SECRET_UNAVAILABLE",
        });
      }
      return response.json();
    },
  };
};
