import type {
  Clock,
  DeadLetter,
  DeadLetters,
  QueuedWork,
  ReceivedWork,
  Work,
  WorkConsumer,
  WorkQueue,
} from "../../../ports.ts";
import { toWorkClass, WORK_CLASSES, type WorkClass } from "../../../work-class.ts";
import type { Database } from "./database.ts";

// The column `kind` holds the class.
const SEND = "INSERT OR IGNORE INTO queue (id, kind, work, available_at_ms) VALUES (?, ?, ?, ?)";
const RECEIVE =
  "SELECT sequence, id, work, receives FROM queue WHERE kind = ? AND available_at_ms <= ? ORDER BY available_at_ms, sequence LIMIT ?";
const LEASE = "UPDATE queue SET lease = ?, available_at_ms = ?, receives = receives + 1 WHERE sequence = ?";
const COMPLETE = "DELETE FROM queue WHERE sequence = ? AND lease = ?";
const RETRY = "UPDATE queue SET lease = NULL, available_at_ms = ? WHERE sequence = ? AND lease = ?";
const PARK =
  "INSERT OR REPLACE INTO dead_letters (id, work, reason, at_ms) SELECT id, work, ?, ? FROM queue WHERE sequence = ? AND lease = ?";
const FREE_ALL = `UPDATE queue SET lease = NULL, available_at_ms = min(available_at_ms, ?) WHERE receives > 0`;
const NEXT = "SELECT min(available_at_ms) AS at FROM queue WHERE kind = ?";
const COUNT = "SELECT count(*) AS waiting FROM queue";
const LIST_DEAD = "SELECT id, work, reason, at_ms FROM dead_letters ORDER BY at_ms, id LIMIT ?";
const FIND_DEAD = "SELECT work FROM dead_letters WHERE id = ?";
const FORGET_DEAD = "DELETE FROM dead_letters WHERE id = ?";
const COUNT_DEAD = "SELECT count(*) AS parked FROM dead_letters";

/** A lease begins with the row it is for: pushes cannot be found by their id. */
const toSequence = (lease: string): number => Number.parseInt(lease, 10);

type SentListener = (classes: ReadonlySet<WorkClass>) => void;

export interface SqliteWorkQueue extends WorkQueue, WorkConsumer {
  readonly deadLetters: DeadLetters;
  /**
   * Work leased by a process that is gone becomes available at once, and so does what waits after a failure: a restart
   * is how people say "try again". Only for the file's single consumer.
   */
  freeAbandoned(): Promise<void>;
  /** When the next message of these classes becomes available, to know how long to sleep; undefined when there is none. */
  nextAtMs(classes: readonly WorkClass[]): number | undefined;
  counts(): { readonly waiting: number; readonly parked: number };
  /** Called with the classes of work in a send once it is committed. */
  onSent(listener: SentListener): void;
}

/** A durable queue with delay, leases and dead letters in SQLite. `lease` time and delays are `clock`'s. */
export const createSqliteWorkQueue = (database: Database, clock: Clock): SqliteWorkQueue => {
  const listeners: SentListener[] = [];

  const send = async (messages: readonly QueuedWork[]): Promise<void> => {
    if (messages.length === 0) return;
    const nowMs = clock.nowMs();
    // Events are the sole trace of what they say. A hint that a power cut takes is made up for by the sweep.
    const isEvent = ({ work: { kind } }: QueuedWork): boolean => kind === "push" || kind === "confirm";
    const durability = messages.some(isEvent) ? "durable" : "relaxed";
    await database.write(durability, () => {
      const insert = database.statement(SEND);
      for (const { id, work, delayMs = 0 } of messages)
        insert.run(id, toWorkClass(work), JSON.stringify(work), nowMs + delayMs);
    });
    const classes = new Set(messages.map(({ work }) => toWorkClass(work)));
    for (const listener of listeners) listener(classes);
  };

  const leaseRow = (row: Readonly<Record<string, unknown>>, leaseUntilMs: number): ReceivedWork => {
    const sequence = Number(row.sequence);
    const receiveCount = Number(row.receives) + 1;
    // No two leases of one row have the same count.
    const lease = `${sequence}/${receiveCount}`;
    database.statement(LEASE).run(lease, leaseUntilMs, sequence);
    return {
      id: row.id as string,
      work: JSON.parse(row.work as string) as Work,
      receiveCount,
      lease,
    };
  };

  const receive: WorkConsumer["receive"] = (limit, leaseMs, classes = WORK_CLASSES) =>
    database.write("relaxed", () => {
      const nowMs = clock.nowMs();
      const received: ReceivedWork[] = [];
      for (const one of classes) {
        const rows = database.statement(RECEIVE).all(one, nowMs, limit - received.length);
        for (const row of rows) received.push(leaseRow(row, nowMs + leaseMs));
      }
      return received;
    });

  const replayOne = (id: string): boolean => {
    const row = database.statement(FIND_DEAD).get(id);
    if (row === undefined) return false;
    const work = row.work as string;
    const workClass = toWorkClass(JSON.parse(work) as Work);
    database.statement(SEND).run(id, workClass, work, clock.nowMs());
    database.statement(FORGET_DEAD).run(id);
    return true;
  };

  const deadLetters: DeadLetters = {
    async list(limit) {
      return database
        .statement(LIST_DEAD)
        .all(limit)
        .map(
          (row): DeadLetter => ({
            id: row.id as string,
            work: JSON.parse(row.work as string) as Work,
            reason: row.reason as string,
            atMs: Number(row.at_ms),
          }),
        );
    },
    async replay(ids) {
      const replayed = await database.write("durable", () => ids.filter(replayOne).length);
      if (replayed > 0) for (const listener of listeners) listener(new Set(WORK_CLASSES));
      return replayed;
    },
  };

  return {
    send,
    receive,
    deadLetters,
    // Losing a completion to a power cut means one more, idempotent, run: no fsync needed.
    complete: ({ lease }) =>
      database.write("relaxed", () => {
        database.statement(COMPLETE).run(toSequence(lease), lease);
      }),
    retry: ({ lease }, delayMs) =>
      database.write("relaxed", () => {
        database.statement(RETRY).run(clock.nowMs() + delayMs, toSequence(lease), lease);
      }),
    park: ({ lease }, reason) =>
      database.write("durable", () => {
        database.statement(PARK).run(reason, clock.nowMs(), toSequence(lease), lease);
        database.statement(COMPLETE).run(toSequence(lease), lease);
      }),
    freeAbandoned: () =>
      database.write("relaxed", () => {
        database.statement(FREE_ALL).run(clock.nowMs());
      }),
    nextAtMs(classes) {
      const times = classes
        .map((one) => database.statement(NEXT).get(one)?.at)
        .filter((at) => at !== null && at !== undefined);
      return times.length === 0 ? undefined : Math.min(...times.map(Number));
    },
    counts: () => ({
      waiting: Number(database.statement(COUNT).get()?.waiting ?? 0),
      parked: Number(database.statement(COUNT_DEAD).get()?.parked ?? 0),
    }),
    onSent(listener) {
      listeners.push(listener);
    },
  };
};
