import { hash } from "node:crypto";
import type { Clock, Push, QueuedWork, Random, WorkQueue } from "../ports.ts";

export interface AcceptDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: WorkQueue;
}

/** Exact duplicates share an id; an event without one is new each time (a tag may be pushed twice). */
const toWorkId = (push: Push, nowMs: number, random: Random): string => {
  const text = JSON.stringify(push);
  return `push/${hash("sha256", push.id === undefined ? `${text}${nowMs}/${random.fraction()}` : text)}`;
};

/**
 * Puts pushes on the queue. Once it resolves they are durable, and only then may the sender get its 2xx:
 * nothing accepted is ever lost.
 */
export const acceptPushes = async (
  { clock, random, queue }: AcceptDeps,
  pushes: readonly Push[],
  authenticated: boolean,
): Promise<void> => {
  const receivedAtMs = clock.nowMs();
  const messages = pushes
    .filter(({ kind }) => kind !== "ignored")
    .map(
      (push): QueuedWork => ({
        id: toWorkId(push, receivedAtMs, random),
        work: { kind: "push", push, receivedAtMs, authenticated },
      }),
    );
  if (messages.length > 0) await queue.send(messages);
};
