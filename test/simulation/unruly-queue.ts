import type { QueuedWork, ReceivedWork, WorkConsumer, WorkQueue } from "../../shared/ports.ts";
import type { Seeded } from "./seeded.ts";

/** How far a platform's queue is from a tidy one. */
export interface Unruliness {
  /** A second message with the id of one that is known may be another message. */
  readonly forgetsIds: boolean;
  readonly duplicates: number;
  /** A message comes long after it was due. */
  readonly late: number;
  readonly longestLateMs: number;
}

export const TIDY: Unruliness = { forgetsIds: false, duplicates: 0, late: 0, longestLateMs: 0 };

type Queue = WorkQueue & WorkConsumer;

/** At least once, in no order: what the queues of the clouds promise, and no more. */
export const createUnrulyQueue = (queue: Queue, random: Seeded, how: Unruliness): Queue => {
  let copies = 0;
  const toCopy = ({ id, work }: QueuedWork | ReceivedWork): QueuedWork => ({
    id: `${id} copy ${copies++}`,
    work,
    delayMs: random.between(0, how.longestLateMs),
  });
  const upset = (message: QueuedWork): QueuedWork => {
    const known = how.forgetsIds ? { ...message, id: `${message.id} ${copies++}` } : message;
    if (!random.chance(how.late)) return known;
    return { ...known, delayMs: (known.delayMs ?? 0) + random.between(0, how.longestLateMs) };
  };
  return {
    ...queue,
    send: (messages) => queue.send(messages.map(upset)),
    async receive(limit, leaseMs, kinds) {
      const received = await queue.receive(limit, leaseMs, kinds);
      const again = received.filter(() => random.chance(how.duplicates)).map(toCopy);
      if (again.length > 0) await queue.send(again);
      return received;
    },
  };
};
