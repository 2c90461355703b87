import type { Steps, TakeSteps } from "../../../shared/policy/steps.ts";

/** So short that who waits for an answer meanwhile does not notice, and far above what a turn itself costs. */
const SLICE_MS = 2;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const takeSlices = async <T>(steps: Steps<T>): Promise<T> => {
  for (;;) {
    await nextTurn();
    const untilMs = performance.now() + SLICE_MS;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (performance.now() < untilMs);
  }
};

/** Takes steps in slices, so that requests are answered in between; what comes second waits for the first. */
export const createTakeInTurns = (): TakeSteps => {
  let last: Promise<unknown> = Promise.resolve();
  return (steps) => {
    // Side by side, a thousand clusters' slices would make one turn as long as all of them.
    const taken = last.then(() => takeSlices(steps));
    last = taken.catch(() => undefined);
    return taken;
  };
};
