import { parseRetryAfter } from "../../delivery/schedule.ts";
import { CliError } from "../cli-error.ts";

/** What the other side answered. */
export interface PostAnswer {
  readonly status: number;
  readonly retryAfter?: string;
  /** The first line of its body. */
  readonly line: string;
}

/** One request; throws where no answer came. */
export type Post = (signal: AbortSignal) => Promise<PostAnswer>;

export interface DeliverPorts {
  readonly post: Post;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
}

const DELAYS_MS = [1_000, 2_000, 4_000, 8_000, 16_000] as const;
const LONGEST_WAIT_MS = 30_000;

const mayPass = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const notTaken = (last: string): CliError =>
  new CliError(`the endpoint did not take the event: ${last}`, { code: "UNREACHABLE" });

/**
 * Posts until the endpoint decides. Tries again what may pass by itself; the event's id makes that safe. Throws
 * `UNREACHABLE` once the tries, or the time for them, are used up.
 */
export const deliverEvent = async (
  { post, sleep, nowMs }: DeliverPorts,
  signal: AbortSignal,
): Promise<PostAnswer> => {
  let last = "";
  try {
    for (const [index, delayMs] of [...DELAYS_MS, 0].entries()) {
      let askedMs: number | undefined;
      try {
        const answer = await post(signal);
        if (!mayPass(answer.status)) return answer;
        last = `HTTP ${answer.status}${answer.line === "" ? "" : `: ${answer.line}`}`;
        askedMs = parseRetryAfter(answer.retryAfter, nowMs());
      } catch (error) {
        if (signal.aborted) throw error;
        last = describe(error);
      }
      if (index < DELAYS_MS.length) await sleep(Math.min(askedMs ?? delayMs, LONGEST_WAIT_MS), signal);
    }
  } catch (error) {
    const { reason } = signal;
    const isLate = reason instanceof Error && reason.name === "TimeoutError";
    if (!isLate) throw error;
    throw last === "" ? reason : notTaken(last);
  }
  throw notTaken(last);
};
