import type { Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";

/** One receiver's secret, as its cluster and as Sluice have it. */
export interface SimulatedSecret {
  /** What the cluster's Secret holds. */
  readonly token: () => string;
  /** What Sluice's holds, newest first. */
  readonly known: () => readonly string[];
  /** From now on Sluice has the right one: at once, or some minutes later where a person must see first that it is wrong. */
  calm(): void;
}

/** Refusals are retried for ten minutes, then parked. The last sweep of a run comes after twelve. */
const LATE_MENDING_MS = 10.5 * 60_000;
const LATEST_MENDING_MS = 11.5 * 60_000;

/**
 * A secret that may rotate, on either side first, and that somebody may replace by a wrong one. What is mended is mended
 * in place: the reference to it stays, and nothing tells Sluice.
 */
export const createSimulatedSecret = (
  id: string,
  scheduler: Scheduler,
  random: Seeded,
  { rotates, errs }: { readonly rotates: number; readonly errs: number },
): SimulatedSecret => {
  const outside = scheduler.spawn();
  let token = `token of ${id}`;
  let newest = token;
  let known: readonly string[] = [token];
  let wrong = false;
  let isCalm = false;

  const mend = (): void => {
    if (!wrong) return;
    wrong = false;
    known = newest === token ? [token] : [newest, token];
  };

  /** The cluster's Secret and Sluice's change at different times; Sluice keeps the one before for a while. */
  const rotate = async (): Promise<void> => {
    await scheduler.sleep(outside, random.between(5_000, 200_000));
    newest = `${token}+`;
    const clusterFirst = random.chance(0.5);
    const inCluster = (): void => {
      token = newest;
    };
    const inSluice = (): void => {
      known = [newest, ...known.slice(0, 1)];
      wrong = false;
    };
    (clusterFirst ? inCluster : inSluice)();
    await scheduler.sleep(outside, random.between(0, 40_000));
    (clusterFirst ? inSluice : inCluster)();
  };

  /** A rotation to what is no secret of this receiver's: a typo, another cluster's. */
  const mistake = async (): Promise<void> => {
    await scheduler.sleep(outside, random.between(1_000, 120_000));
    if (isCalm) return;
    wrong = true;
    known = ["another cluster's token", ...(random.chance(0.3) ? known.slice(0, 1) : [])];
    if (!random.chance(0.3)) return;
    await scheduler.sleep(outside, random.between(1_000, 60_000));
    mend();
  };

  if (random.chance(rotates)) void rotate();
  if (random.chance(errs)) void mistake();
  return {
    token: () => token,
    known: () => known,
    calm() {
      isCalm = true;
      const earliestMs = random.chance(0.5) ? 0 : LATE_MENDING_MS;
      if (wrong) void scheduler.sleep(outside, random.between(earliestMs, LATEST_MENDING_MS)).then(mend);
      else known = [token, ...known];
    },
  };
};
