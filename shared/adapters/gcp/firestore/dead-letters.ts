import type { Clock, DeadLetter, DeadLetters, QueuedWork, Work } from "../../../ports.ts";
import type { PubSubWorkQueue } from "../pubsub/work-queue.ts";
import type { FirestoreDatabase, StoredFields } from "./database.ts";
import { toDocumentId } from "./key.ts";
import { removeBelow } from "./prune.ts";
import { type Fields, integer, integerOf, optional, text, textOf } from "./values.ts";

const DEAD_LETTERS = "deadLetters";

/** A document holds 1 MiB; work of our own is below 2 KiB, and a registry's event a few. */
const MAX_BODY_BYTES = 256 * 1024;

/** What nobody could read, as it came, and the queue that it came from. */
export interface UnreadMessage {
  readonly topic: string;
  readonly body: string;
  readonly sentAtMs: number;
}

/** A message that is set aside: its work, or the message itself where that could not be read. */
export interface SetAside {
  readonly id: string;
  readonly work?: Work;
  readonly unread?: UnreadMessage;
  readonly reason: string;
}

export interface FirestoreDeadLetters extends DeadLetters {
  /** Keeps one; a second one with the same id takes its place. */
  add(letter: SetAside): Promise<void>;
  prune(beforeMs: number): Promise<number>;
}

const workOf = (fields: Fields): Work | undefined => {
  const kept = textOf(fields, "work");
  return kept === undefined ? undefined : (JSON.parse(kept) as Work);
};

const unreadOf = (fields: Fields): UnreadMessage | undefined => {
  const topic = textOf(fields, "topic");
  const body = textOf(fields, "body");
  const sentAtMs = integerOf(fields, "sentAtMs");
  return topic === undefined || body === undefined || sentAtMs === undefined
    ? undefined
    : { topic, body, sentAtMs };
};

const isKeepable = ({ body }: UnreadMessage): boolean => Buffer.byteLength(body) <= MAX_BODY_BYTES;

const toFields = ({ id, work, unread, reason }: SetAside, atMs: number): Fields => {
  const kept = unread !== undefined && isKeepable(unread) ? unread : undefined;
  const lost = unread === undefined || kept !== undefined ? "" : "; too large to be kept and sent again";
  return {
    id: text(id),
    reason: text(`${reason}${lost}`),
    atMs: integer(atMs),
    ...optional("work", work === undefined ? undefined : text(JSON.stringify(work))),
    ...(kept === undefined
      ? {}
      : { topic: text(kept.topic), body: text(kept.body), sentAtMs: integer(kept.sentAtMs) }),
  };
};

const toDeadLetter = ({ fields }: StoredFields): DeadLetter => {
  const work = workOf(fields);
  return {
    id: textOf(fields, "id") ?? "",
    reason: textOf(fields, "reason") ?? "",
    atMs: integerOf(fields, "atMs") ?? 0,
    ...(work === undefined ? {} : { work }),
  };
};

/** Where dead letters go back to. */
export interface LetterQueues {
  /** Work, each kind on its own queue. */
  readonly send: (messages: readonly QueuedWork[]) => Promise<void>;
  /** What could not be read, to one of these; never to any other topic that a document names. */
  readonly queues: readonly Pick<PubSubWorkQueue, "topic" | "sendAgain">[];
}

/**
 * Dead letters as documents: a Pub/Sub subscription cannot be looked into without taking its messages, keeps no
 * order and no reason.
 */
export const createFirestoreDeadLetters = (
  database: FirestoreDatabase,
  { send, queues }: LetterQueues,
  clock: Clock,
): FirestoreDeadLetters => {
  const sendBack = async (id: string, fields: Fields): Promise<boolean> => {
    const work = workOf(fields);
    if (work !== undefined) {
      await send([{ id, work }]);
      return true;
    }
    const unread = unreadOf(fields);
    const queue = queues.find(({ topic }) => topic === unread?.topic);
    if (unread === undefined || queue === undefined) return false;
    await queue.sendAgain({ body: unread.body, attempt: 1, sentAtMs: unread.sentAtMs }, 0);
    return true;
  };
  const replayOne = async (id: string): Promise<boolean> => {
    const document = toDocumentId(id);
    const found = (await database.get(DEAD_LETTERS, [document])).get(document);
    // First on the queue, then gone from here: in between it is in both places, never in none.
    if (found === undefined || !(await sendBack(id, found.fields))) return false;
    const only = { updateTime: found.updateTime };
    await database.commit([{ remove: { collection: DEAD_LETTERS, id: document }, only }]);
    return true;
  };
  return {
    async add(letter) {
      const fields = toFields(letter, clock.nowMs());
      await database.commit([{ set: { collection: DEAD_LETTERS, id: toDocumentId(letter.id), fields } }]);
    },
    async list(limit) {
      const found = await database.query({
        collection: DEAD_LETTERS,
        orderBy: [{ field: "atMs" }, { field: "__name__" }],
        limit,
      });
      return found.map(toDeadLetter);
    },
    async replay(ids) {
      let replayed = 0;
      for (const id of ids) if (await replayOne(id)) replayed += 1;
      return replayed;
    },
    prune: (beforeMs) => removeBelow(database, DEAD_LETTERS, "atMs", integer(beforeMs)),
  };
};
