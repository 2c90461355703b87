/** Something that can crash: what it waits for when it does never comes back, as after `kill -9`. */
export interface Process {
  readonly alive: boolean;
  crash(): void;
  /** Stops it for a while: what it waits for comes when that is over, as after a suspended machine's wake-up. */
  freeze(ms: number): void;
  readonly frozenUntilMs: number;
  /** Its clock on the wall: like the simulation's own until it is set. */
  readonly clock: { nowMs(): number };
  /** Sets that clock so far from the right time. */
  setClock(aheadMs: number): void;
}

export interface Scheduler {
  nowMs(): number;
  spawn(): Process;
  /** Resolves after `ms` of simulated time, or never if the process crashed meanwhile. */
  sleep(process: Process, ms: number): Promise<void>;
  /** Runs events in order of time until none is left before `untilMs`. */
  runUntil(untilMs: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly process: Process;
  readonly wake: () => void;
}

const isBefore = (a: Timer, b: Timer): boolean => (a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs);

const createHeap = () => {
  const items: Timer[] = [];
  const at = (index: number): Timer => {
    const item = items[index];
    if (item === undefined) throw new RangeError("outside the heap");
    return item;
  };
  const swap = (i: number, j: number): void => {
    const kept = at(i);
    items[i] = at(j);
    items[j] = kept;
  };
  return {
    peek: (): Timer | undefined => items[0],
    push(timer: Timer): void {
      items.push(timer);
      let index = items.length - 1;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (!isBefore(at(index), at(parent))) return;
        swap(index, parent);
        index = parent;
      }
    },
    pop(): Timer | undefined {
      if (items.length <= 1) return items.pop();
      swap(0, items.length - 1);
      const top = items.pop();
      let index = 0;
      for (;;) {
        const left = index * 2 + 1;
        if (left >= items.length) return top;
        const right = left + 1;
        const least = right < items.length && isBefore(at(right), at(left)) ? right : left;
        if (!isBefore(at(least), at(index))) return top;
        swap(index, least);
        index = least;
      }
    },
  };
};

/** Events per turn of the event loop. Node settles all promises between two immediates of one turn, so none is overtaken. */
const EVENTS_PER_TURN = 1_024;

/** Simulated time: nothing runs but what it wakes, one at a time, in an order the seed decides by its delays. */
export const createScheduler = (startMs: number): Scheduler => {
  const timers = createHeap();
  let now = startMs;
  let order = 0;
  return {
    nowMs: () => now,
    spawn() {
      let alive = true;
      let frozenUntilMs = 0;
      let aheadMs = 0;
      return {
        get alive() {
          return alive;
        },
        get frozenUntilMs() {
          return frozenUntilMs;
        },
        clock: { nowMs: () => now + aheadMs },
        setClock(ms) {
          aheadMs = ms;
        },
        freeze(ms) {
          frozenUntilMs = now + ms;
        },
        crash() {
          alive = false;
        },
      };
    },
    sleep(process, ms) {
      return new Promise((resolve) => {
        timers.push({ atMs: now + Math.max(0, ms), order: order++, process, wake: resolve });
      });
    },
    runUntil(untilMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let over = false;
      const runNext = (): void => {
        if (over) return;
        for (;;) {
          const next = timers.peek();
          if (next === undefined || next.atMs > untilMs) break;
          timers.pop();
          now = next.atMs;
          if (!next.process.alive) continue;
          if (next.process.frozenUntilMs > now) {
            timers.push({ ...next, atMs: next.process.frozenUntilMs });
            continue;
          }
          next.wake();
          return;
        }
        over = true;
        now = Math.max(now, untilMs);
        resolve();
      };
      const runTurn = (): void => {
        if (over) return;
        for (let event = 0; event < EVENTS_PER_TURN; event++) setImmediate(runNext);
        setImmediate(runTurn);
      };
      setImmediate(runTurn);
      return promise;
    },
  };
};
