import type { Clock, DeadLetter, DeadLetters, QueuedWork, Work } from "../../../ports.ts";
import type { FirestoreDatabase, StoredFields } from "./database.ts";
import { toDocumentId } from "./key.ts";
import { removeBelow } from "./prune.ts";
import { type Fields, integer, integerOf, optional, text, textOf } from "./values.ts";

const DEAD_LETTERS = "deadLetters";

export interface FirestoreDeadLetters extends DeadLetters {
  /** Keeps one; a second one with the same id takes its place. */
  add(letter: { readonly id: string; readonly work?: Work; readonly reason: string }): Promise<void>;
  prune(beforeMs: number): Promise<number>;
}

const workOf = (fields: Fields): Work | undefined => {
  const kept = textOf(fields, "work");
  return kept === undefined ? undefined : (JSON.parse(kept) as Work);
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

/**
 * Dead letters as documents: a Pub/Sub subscription cannot be looked into without taking its messages, keeps no
 * order and no reason.
 */
export const createFirestoreDeadLetters = (
  database: FirestoreDatabase,
  send: (messages: readonly QueuedWork[]) => Promise<void>,
  clock: Clock,
): FirestoreDeadLetters => {
  const replayOne = async (id: string): Promise<boolean> => {
    const document = toDocumentId(id);
    const found = (await database.get(DEAD_LETTERS, [document])).get(document);
    const work = found === undefined ? undefined : workOf(found.fields);
    if (found === undefined || work === undefined) return false;
    // First on the queue, then gone from here: in between it is in both places, never in none.
    await send([{ id, work }]);
    const only = { updateTime: found.updateTime };
    await database.commit([{ remove: { collection: DEAD_LETTERS, id: document }, only }]);
    return true;
  };
  return {
    async add({ id, work, reason }) {
      const fields = {
        id: text(id),
        reason: text(reason),
        atMs: integer(clock.nowMs()),
        ...optional("work", work === undefined ? undefined : text(JSON.stringify(work))),
      };
      await database.commit([{ set: { collection: DEAD_LETTERS, id: toDocumentId(id), fields } }]);
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
