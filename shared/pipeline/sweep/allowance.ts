import type { Clock } from "../../ports.ts";
import { changeDocument, type Documents } from "../documents.ts";

export interface AllowanceSettings {
  /** First part of the documents' keys. */
  readonly name: string;
  readonly perWindow: number;
  readonly windowMs: number;
}

/** So many in a window, for each key. */
export interface Allowance {
  /** Takes `count`; answers for how long to wait where so many are not left, else undefined. */
  take(key: string, count: number): Promise<number | undefined>;
  /** Nothing is left for that long, whatever was. */
  pause(key: string, forMs: number): Promise<void>;
}

/** For work of which nobody knows beforehand how many it takes: what was begun may end, and is paid for afterwards. */
export interface Budget extends Allowance {
  /** Whether work may begin: answers for how long to wait where nothing is left. Takes nothing. */
  begin(key: string): Promise<number | undefined>;
  /** Takes one, from the windows to come where this one has none left. Only a pause refuses it. */
  charge(key: string): Promise<number | undefined>;
}

/** What all instances know. */
interface Window {
  readonly untilMs: number;
  /** More than a window has, where work that was begun took it from the next ones. */
  readonly taken: number;
  readonly pausedUntilMs: number;
}

/** What this instance may use without asking; `isSpent`: there is no more to ask for until then. */
interface Share {
  readonly untilMs: number;
  readonly isSpent: boolean;
  readonly isPaused: boolean;
  /** How many the next reservation takes, unless more are asked for. */
  readonly nextSize: number;
  left: number;
}

/** An instance takes a share at a time, of at most one in so many: one write for many takes. */
const SHARES = 20;
/** The first share is this, each next one twice as large: an instance that is killed at once takes little with it. */
const FIRST_SHARE = 8;
/** Keys may come from outside (hosts that a registry redirects to). */
const MAX_KEYS = 1_000;

const toPaused = (untilMs: number): Share => ({
  untilMs,
  isSpent: true,
  isPaused: true,
  left: 0,
  nextSize: FIRST_SHARE,
});

const parseWindow = (value: unknown): Window => {
  const read = (key: keyof Window): number => Number(Reflect.get(Object(value), key) ?? 0);
  return { untilMs: read("untilMs"), taken: read("taken"), pausedUntilMs: read("pausedUntilMs") };
};

/** Counts in `documents`, so that instances that share them share the allowance. Throws what these throw. */
export const createAllowance = (
  { name, perWindow, windowMs }: AllowanceSettings,
  documents: Documents,
  clock: Clock,
): Budget => {
  const shares = new Map<string, Share>();
  const reservations = new Map<string, Promise<void>>();

  /** Changes the window by compare-and-set; `change` answers undefined to leave it as it is. */
  const changeWindow = async (
    key: string,
    change: (window: Window, nowMs: number) => Window | undefined,
  ): Promise<Window> => {
    let window = parseWindow(undefined);
    await changeDocument(documents, `${name}/${key}`, (stored) => {
      const known = parseWindow(stored);
      const next = change(known, clock.nowMs());
      window = next ?? known;
      return next;
    });
    return window;
  };

  const keep = (key: string, share: Share): void => {
    if (shares.size >= MAX_KEYS && !shares.has(key)) shares.clear();
    shares.set(key, share);
  };

  const largestShare = Math.ceil(perWindow / SHARES);
  const shareIn = (key: string, windowUntilMs: number): Pick<Share, "left" | "nextSize"> => {
    const share = shares.get(key);
    return share?.untilMs === windowUntilMs ? share : { left: 0, nextSize: FIRST_SHARE };
  };

  /** The window of this moment: what was taken beyond earlier ones is taken from it. */
  const toCurrent = (known: Window, nowMs: number): Window => {
    if (known.untilMs > nowMs) return known;
    const over = 1 + Math.floor((nowMs - known.untilMs) / windowMs);
    return { ...known, untilMs: nowMs + windowMs, taken: Math.max(0, known.taken - over * perWindow) };
  };

  const reserve = async (key: string, count: number): Promise<void> => {
    let taken = 0;
    let free = 0;
    const { untilMs, pausedUntilMs } = await changeWindow(key, (known, nowMs) => {
      [taken, free] = [0, 0];
      if (known.pausedUntilMs > nowMs) return undefined;
      const window = toCurrent(known, nowMs);
      free = Math.max(0, perWindow - window.taken);
      if (free === 0) return window === known ? undefined : window;
      const size = Math.min(shareIn(key, window.untilMs).nextSize, largestShare);
      taken = Math.min(free, Math.max(count, size));
      return { ...window, taken: window.taken + taken };
    });
    if (pausedUntilMs > clock.nowMs()) return keep(key, toPaused(pausedUntilMs));
    const { left, nextSize } = shareIn(key, untilMs);
    keep(key, {
      untilMs,
      isSpent: taken === free,
      isPaused: false,
      left: left + taken,
      nextSize: nextSize * 2,
    });
  };

  /** One reservation at a time: whoever else needs one waits for its outcome. */
  const awaitReservation = (key: string, count: number): Promise<void> => {
    const pending = reservations.get(key) ?? reserve(key, count).finally(() => reservations.delete(key));
    reservations.set(key, pending);
    return pending;
  };

  const overdraw = async (key: string): Promise<number | undefined> => {
    const { pausedUntilMs } = await changeWindow(key, (known, nowMs) => {
      if (known.pausedUntilMs > nowMs) return undefined;
      const window = toCurrent(known, nowMs);
      return { ...window, taken: window.taken + 1 };
    });
    if (pausedUntilMs <= clock.nowMs()) return undefined;
    keep(key, toPaused(pausedUntilMs));
    return pausedUntilMs - clock.nowMs();
  };

  /**
   * Takes `taken` from the share once it has `wanted`; the share that has not, and gets no more, is the answer. In one
   * turn with the look at what is left: others take from it, too.
   */
  const takeFromShare = async (key: string, wanted: number, taken: number): Promise<Share | undefined> => {
    for (;;) {
      const share = shares.get(key);
      if (share !== undefined && share.untilMs > clock.nowMs()) {
        if (share.left >= wanted) {
          share.left -= taken;
          return undefined;
        }
        if (share.isSpent) return share;
      }
      await awaitReservation(key, wanted);
    }
  };

  const waitOf = (spent: Share | undefined): number | undefined =>
    spent === undefined ? undefined : Math.max(1, spent.untilMs - clock.nowMs());

  return {
    async take(key, count) {
      // More than a whole window's at once could never be had.
      const wanted = Math.min(count, perWindow);
      return waitOf(await takeFromShare(key, wanted, wanted));
    },
    begin: async (key) => waitOf(await takeFromShare(key, 1, 0)),
    async charge(key) {
      const spent = await takeFromShare(key, 1, 1);
      if (spent === undefined) return undefined;
      return spent.isPaused ? waitOf(spent) : overdraw(key);
    },
    async pause(key, forMs) {
      const { pausedUntilMs } = await changeWindow(key, (known, nowMs) =>
        known.pausedUntilMs >= nowMs + forMs ? undefined : { ...known, pausedUntilMs: nowMs + forMs },
      );
      keep(key, toPaused(pausedUntilMs));
    },
  };
};
