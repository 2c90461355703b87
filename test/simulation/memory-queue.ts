import type {
  Clock,
  DeadLetters,
  QueuedWork,
  ReceivedWork,
  WorkConsumer,
  WorkQueue,
} from "../../shared/ports.ts";
import { toWorkClass } from "../../shared/work-class.ts";

interface Row {
  readonly message: QueuedWork;
  availableAtMs: number;
  receives: number;
  lease: string | undefined;
}

interface ParkedMessage {
  readonly message: QueuedWork;
  readonly reason: string;
  readonly atMs: number;
}

export interface MemoryQueue extends WorkQueue, WorkConsumer {
  freeAbandoned(): void;
  readonly parked: readonly ParkedMessage[];
  readonly deadLetters: DeadLetters;
  size(): number;
  /** Takes messages away as if they had never been sent. */
  lose(isLost: (message: QueuedWork) => boolean): void;
  nextAtMs(): number | undefined;
}

/** The queue of the simulation: passes the same contract as the real ones. */
export const createMemoryQueue = (clock: Clock): MemoryQueue => {
  const rows = new Map<string, Row>();
  const parked: ParkedMessage[] = [];
  let leases = 0;
  const held = ({ id, lease }: ReceivedWork): Row | undefined => {
    const row = rows.get(id);
    return row?.lease === lease ? row : undefined;
  };
  const send: WorkQueue["send"] = async (messages) => {
    for (const message of messages) {
      if (rows.has(message.id)) continue;
      const availableAtMs = clock.nowMs() + (message.delayMs ?? 0);
      rows.set(message.id, { message, availableAtMs, receives: 0, lease: undefined });
    }
  };
  const deadLetters: DeadLetters = {
    list: async (limit) =>
      parked.slice(0, limit).map(({ message: { id, work }, reason, atMs }) => ({ id, work, reason, atMs })),
    async replay(ids) {
      const back = parked.filter(({ message }) => ids.includes(message.id));
      for (const one of back) {
        parked.splice(parked.indexOf(one), 1);
        await send([{ id: one.message.id, work: one.message.work }]);
      }
      return back.length;
    },
  };
  return {
    parked,
    deadLetters,
    size: () => rows.size,
    lose(isLost) {
      for (const [id, { message }] of rows) if (isLost(message)) rows.delete(id);
    },
    nextAtMs() {
      let nextMs: number | undefined;
      for (const { availableAtMs } of rows.values())
        nextMs = Math.min(nextMs ?? availableAtMs, availableAtMs);
      return nextMs;
    },
    send,
    async receive(limit, leaseMs, classes) {
      const nowMs = clock.nowMs();
      const ready = [...rows.values()].filter(
        ({ message, availableAtMs }) =>
          availableAtMs <= nowMs && (classes === undefined || classes.includes(toWorkClass(message.work))),
      );
      ready.sort((a, b) => a.availableAtMs - b.availableAtMs || (a.message.id < b.message.id ? -1 : 1));
      return ready.slice(0, limit).map((row) => {
        row.availableAtMs = nowMs + leaseMs;
        row.receives += 1;
        row.lease = `lease-${leases++}`;
        const { id, work } = row.message;
        return { id, work, receiveCount: row.receives, lease: row.lease };
      });
    },
    async complete(received) {
      if (held(received) !== undefined) rows.delete(received.id);
    },
    async retry(received, delayMs) {
      const row = held(received);
      if (row === undefined) return;
      row.availableAtMs = clock.nowMs() + delayMs;
      row.lease = undefined;
    },
    async park(received, reason) {
      const row = held(received);
      if (row === undefined) return;
      rows.delete(received.id);
      parked.push({ message: row.message, reason, atMs: clock.nowMs() });
    },
    freeAbandoned() {
      for (const row of rows.values()) {
        if (row.receives === 0) continue;
        row.lease = undefined;
        row.availableAtMs = Math.min(row.availableAtMs, clock.nowMs());
      }
    },
  };
};
