import { PipelineError } from "../../errors.ts";

/** What was asked for, and for how long it may be used without asking again. */
export interface Fresh<T> {
  readonly value: T;
  readonly keepMs: number;
}

export interface KeepSettings<T, S = string> {
  readonly nowMs: () => number;
  /** Subjects with one key share an answer; default: each has its own. */
  readonly keyOf?: (subject: S) => string;
  readonly ask: (subject: S, signal: AbortSignal) => Promise<Fresh<T>>;
  /** What an end before the answer is to who waits, and whatever `ask` threw that is no error of ours. */
  readonly failure: (subject: S, cause: unknown) => PipelineError;
  /** Ends one request, whoever waits for it; default: ten seconds. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const MAX_KEYS = 1_000;

/** The rest covers clocks that differ and requests under way. */
const USED_OF_LIFE = 0.8;
/** No token of any platform lives longer; one that says so is not believed. */
const LONGEST_LIFE_MS = 24 * 3_600_000;

/** How long a token of that life is used. */
export const ofLife = (lifeMs: number): number => Math.min(lifeMs, LONGEST_LIFE_MS) * USED_OF_LIFE;

/** What `work` gives, or the signal's reason where that comes first; `work` itself goes on. */
export const beforeAbort = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });

/**
 * Asks once for what many want at the same time, and keeps each answer as long as that says. None of those who wait
 * can cancel the request for the others; a failure is for them alone, and who comes next asks anew.
 */
export const keepFresh = <T, S = string>({
  nowMs,
  keyOf = String,
  ask,
  failure,
  timeoutMs = TIMEOUT_MS,
}: KeepSettings<T, S>) => {
  const kept = new Map<string, { untilMs: number; readonly answer: Promise<T> }>();

  const refresh = (key: string, subject: S): Promise<T> => {
    const askedAtMs = nowMs();
    const end = AbortSignal.timeout(timeoutMs);
    const asked = beforeAbort(ask(subject, end), end);
    const entry = { untilMs: Number.POSITIVE_INFINITY, answer: asked.then(({ value }) => value) };
    kept.delete(key);
    kept.set(key, entry);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEYS && oldest !== undefined) kept.delete(oldest);
    asked.then(
      ({ keepMs }) => {
        entry.untilMs = askedAtMs + keepMs;
      },
      () => {
        if (kept.get(key) === entry) kept.delete(key);
      },
    );
    return entry.answer;
  };

  return async (subject: S, signal?: AbortSignal): Promise<T> => {
    const key = keyOf(subject);
    const before = kept.get(key);
    const answer = before !== undefined && nowMs() < before.untilMs ? before.answer : refresh(key, subject);
    try {
      return await (signal === undefined ? answer : beforeAbort(answer, signal));
    } catch (cause) {
      throw cause instanceof PipelineError ? cause : failure(subject, cause);
    }
  };
};
