import type { Config } from "../../../shared/config/config.ts";
import type { Clock } from "../../../shared/ports.ts";
import type { CatalogKeeper } from "./catalogs.ts";

/** How old the catalog in use may become before it is read again. */
export const catalogIntervalMs = ({ catalog, clusters }: Config): number =>
  catalog?.intervalMs ?? Math.min(...clusters.map(({ manifests }) => manifests.intervalMs));

/**
 * For runtimes without timers: called at each invocation, reads the catalog again once it is old enough. One that
 * cannot be read leaves the last good one in use.
 */
export const createCatalogRefresh = (
  catalogs: CatalogKeeper,
  intervalMs: number,
  clock: Clock,
): (() => Promise<void>) => {
  let readAtMs = clock.nowMs();
  return async () => {
    const nowMs = clock.nowMs();
    if (nowMs - readAtMs < intervalMs) return;
    readAtMs = nowMs;
    await catalogs.reload();
  };
};
