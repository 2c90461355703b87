import { formatRepository, type RepositoryName } from "../../artifact/repository.ts";
import type { QueuedWork } from "../../ports.ts";
import type { SweepDeps } from "../deps.ts";
import { hintAgain } from "../hints.ts";
import { reportOverdue } from "./overdue.ts";

/** Rows picked up per run; the next run takes the rest. */
const MAX_DUE = 1_000;

/** Work that is due but whose hint was lost: checks for evidence, deliveries. Cheap; runs often. */
export const sweepDue = async (deps: SweepDeps): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const [subscriptions, receivers] = await Promise.all([
    deps.state.dueChecks(nowMs, MAX_DUE),
    deps.state.dueReceivers(nowMs, MAX_DUE),
  ]);
  const checks = subscriptions.map(
    (subscription): QueuedWork => ({
      id: `evaluate/${subscription}/sweep`,
      work: { kind: "evaluate", subscription },
    }),
  );
  await deps.queue.send([
    ...checks,
    ...receivers.map((receiver) => hintAgain(receiver, "sweep", 0, undefined)),
  ]);
};

/**
 * Asks for a fresh look at every repository in the catalog, spread over `spreadMs`: recovers events that never
 * came and signatures that nobody announced. Goes through the same queue as pushes. Says what is overdue.
 */
export const sweepRepositories = async (deps: SweepDeps, spreadMs: number): Promise<void> => {
  const repositories = new Map<string, RepositoryName>();
  const catalog = deps.catalog();
  for (const { repository } of catalog.subscriptions())
    repositories.set(formatRepository(repository), repository);
  const messages = [...repositories].map(
    ([name, repository]): QueuedWork => ({
      // A sweep that is under way may have begun under another catalog.
      id: `sweep/${name}/${catalog.version}`,
      work: { kind: "sweep", repository },
      delayMs: Math.floor(deps.random.fraction() * spreadMs),
    }),
  );
  await deps.queue.send(messages);
  await reportOverdue(deps);
};
