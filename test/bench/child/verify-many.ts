import { createSample, KINDS, type Kind } from "../verification-evidence.ts";
import { createContext, verifyWithOurs } from "../verification-ours.ts";

/*
 * Sustained verification of one kind, new certificates throughout: node verify-many.ts KIND DURATION_MS.
 * Prints { perSecond }. The parent says on how many cores.
 */
const DISTINCT = 60;
const AT_ONCE = 8;

export interface ManyResult {
  readonly perSecond: number;
}

const [, , name, duration] = process.argv;
const kind: Kind = KINDS.find((known) => known === name) ?? "legacy";
const samples = Array.from({ length: DISTINCT }, () => createSample(kind));

const runUntil = async (untilMs: number): Promise<number> => {
  let done = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const sample = samples[done % DISTINCT];
      done += 1;
      if (sample !== undefined) await verifyWithOurs(kind, sample, createContext());
      // Verifications that need no other thread must let the others in.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return done;
};

const durationMs = Number(duration);
await runUntil(performance.now() + durationMs / 2);
const done = await runUntil(performance.now() + durationMs);
process.stdout.write(JSON.stringify({ perSecond: (done / durationMs) * 1000 } satisfies ManyResult));
