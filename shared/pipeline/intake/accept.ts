import type { Clock, Push, QueuedWork, Random, WorkQueue } from "../../ports.ts";
import { toWorkId } from "./duplicate.ts";

export interface AcceptDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: WorkQueue;
}

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
        id: toWorkId(push, receivedAtMs, random.fraction()),
        work: { kind: "push", push, receivedAtMs, authenticated },
      }),
    );
  if (messages.length > 0) await queue.send(messages);
};
