import type { Config } from "../../shared/config/config.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import type { Pipeline } from "../../shared/pipeline.ts";
import type { Clock } from "../../shared/ports.ts";
import type { StateStore } from "../../shared/state.ts";
import type { CatalogKeeper } from "../wiring/policy/catalogs.ts";
import { catalogIntervalMs } from "../wiring/policy/refresh-catalog.ts";
import type { AskForRedeliveries } from "../wiring/redeliveries.ts";

const DUE_INTERVAL_MS = 5_000;
const PRUNE_INTERVAL_MS = 3_600_000;
const ROOT_INTERVAL_MS = 24 * 3_600_000;
/** Soon: what failed while we were down failed for nothing else. */
const FIRST_REDELIVERIES_MS = 10_000;
/** Not during start-up, when the network may not be there yet. */
const FIRST_ROOT_MS = 60_000;

export interface TimerSettings {
  readonly config: Config;
  readonly pipeline: Pipeline;
  readonly catalogs: CatalogKeeper;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly askForRedeliveries: AskForRedeliveries | undefined;
  readonly refreshTrustedRoot: (() => Promise<"updated" | "unchanged">) | undefined;
}

/** What happens by the clock: due work whose hint was lost, the sweep, a changed catalog, old records. */
export const startTimers = ({
  config,
  pipeline,
  catalogs,
  state,
  clock,
  log,
  askForRedeliveries,
  refreshTrustedRoot,
}: TimerSettings): { reload(): void; stop(): void } => {
  const timers: NodeJS.Timeout[] = [];
  const every = (intervalMs: number, name: string, work: () => Promise<unknown>): (() => Promise<void>) => {
    let running = false;
    let again = false;
    const tick = async (): Promise<void> => {
      // A slow turn is not overtaken by the next one, which follows it instead.
      again = running;
      if (running) return;
      running = true;
      try {
        await work();
      } catch (error) {
        log("timer-failed", { timer: name, reason: String(error) });
      } finally {
        running = false;
      }
      if (again) await tick();
    };
    timers.push(setInterval(tick, intervalMs).unref());
    return tick;
  };
  const { intervalMs } = config.sweep;
  every(DUE_INTERVAL_MS, "due", () => pipeline.sweepDue());
  every(intervalMs, "sweep", () => pipeline.sweepRepositories(intervalMs / 10));
  every(PRUNE_INTERVAL_MS, "prune", () => state.prune(clock.nowMs() - config.state.retentionMs));
  if (askForRedeliveries !== undefined) {
    const ask = every(intervalMs, "redeliveries", askForRedeliveries);
    timers.push(setTimeout(ask, FIRST_REDELIVERIES_MS).unref());
  }
  if (refreshTrustedRoot !== undefined) {
    const refresh = every(ROOT_INTERVAL_MS, "trusted-root", async () => {
      log("trusted-root-refreshed", { outcome: await refreshTrustedRoot() });
    });
    timers.push(setTimeout(refresh, FIRST_ROOT_MS).unref());
  }
  const reload = every(catalogIntervalMs(config), "catalog", async () => {
    // New objects get their baseline at once.
    if (await catalogs.reload()) await pipeline.sweepRepositories(0);
  });
  return {
    reload: () => void reload(),
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
};
