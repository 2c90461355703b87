import { setTimeout as wait } from "node:timers/promises";
import type { RunningServer } from "./processes.ts";

const EMPTY_TIMEOUT_MS = 120_000;
const POLL_MS = 20;

const isEmpty = async (address: string): Promise<boolean> => {
  const health: unknown = await (await fetch(`${address}/healthz`)).json();
  return typeof health === "object" && health !== null && "waiting" in health && health.waiting === 0;
};

/** Waits until Sluice has worked off all that it accepted; answers how long that took. */
export const awaitEmptyQueue = async ({ address }: RunningServer): Promise<number> => {
  const startMs = performance.now();
  while (!(await isEmpty(address))) {
    if (performance.now() - startMs > EMPTY_TIMEOUT_MS) throw new Error("the queue does not empty");
    await wait(POLL_MS);
  }
  return performance.now() - startMs;
};
