import { dueAtMsOf } from "../../state.ts";
import type { SharedDeps } from "../deps.ts";

/** Past its time by this much, work waits for something that is not there: a worker, a registry, a receiver. */
const OVERDUE_AFTER_MS = 5 * 60_000;
/** As many are counted. */
const MAX_COUNTED = 1_000;
const NAMED = 5;

/** What should have happened by now, up to a thousand of each: looks at subscriptions, requests to receivers. */
interface Overdue {
  readonly checks: readonly string[];
  readonly receivers: readonly string[];
}

/** Objects whose evidence should have been looked for again by now. */
export const overdueChecks = (
  state: Pick<SharedDeps["state"], "dueChecks">,
  nowMs: number,
): Promise<readonly string[]> => state.dueChecks(nowMs - OVERDUE_AFTER_MS, MAX_COUNTED);

const findOverdue = async ({ state, clock }: Pick<SharedDeps, "state" | "clock">): Promise<Overdue> => {
  const untilMs = clock.nowMs() - OVERDUE_AFTER_MS;
  const [checks, receivers] = await Promise.all([
    overdueChecks(state, clock.nowMs()),
    state.dueReceivers(untilMs, MAX_COUNTED),
  ]);
  return { checks, receivers };
};

/** Objects and receivers together. */
export const countOverdue = async (deps: Pick<SharedDeps, "state" | "clock">): Promise<number> => {
  const { checks, receivers } = await findOverdue(deps);
  return checks.length + receivers.length;
};

/** Whether a delivery should have been tried, or confirmed, by now. */
export const isOverdue = (entry: Parameters<typeof dueAtMsOf>[0], nowMs: number): boolean =>
  (dueAtMsOf(entry) ?? Number.POSITIVE_INFINITY) <= nowMs - OVERDUE_AFTER_MS;

/** One line of the log for each kind of work that is overdue. */
export const reportOverdue = async (deps: Pick<SharedDeps, "state" | "clock" | "log">): Promise<void> => {
  const { checks, receivers } = await findOverdue(deps);
  for (const [work, names] of [
    ["evaluate", checks],
    ["deliver", receivers],
  ] as const) {
    if (names.length === 0) continue;
    deps.log("work-overdue", { work, count: names.length, first: names.slice(0, NAMED).join(" ") });
  }
};
