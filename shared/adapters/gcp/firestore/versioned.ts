import type { FirestoreDatabase, Precondition, StoredFields, Write } from "./database.ts";
import { toDocumentId } from "./key.ts";
import { type Fields, integer, integerOf } from "./values.ts";

/** Documents with a `version` that only compare-and-set changes. */
export interface VersionedDocuments {
  load(key: string): Promise<StoredFields | undefined>;
  /** The write that makes `version` out of the one before; undefined when that is not there any more. */
  toWrite(key: string, version: number, fields: Fields): Promise<Write | undefined>;
  /** After a commit, so that the next write needs no read. */
  remember(key: string, version: number, updateTime: string | undefined): void;
}

interface Remembered {
  readonly version: number;
  readonly updateTime: string;
}

const MAX_REMEMBERED = 5_000;

/**
 * Firestore compares a document's time of change, not a field. Each version is written once, so version and time
 * belong together: what was loaded or written here says the time, and a write needs no transaction and no second read.
 */
export const createVersionedDocuments = (
  database: FirestoreDatabase,
  collection: string,
): VersionedDocuments => {
  const known = new Map<string, Remembered>();

  const remember: VersionedDocuments["remember"] = (key, version, updateTime) => {
    known.delete(key);
    if (updateTime !== undefined) known.set(key, { version, updateTime });
    const [oldest] = known.keys();
    if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
  };

  const load = async (key: string): Promise<StoredFields | undefined> => {
    const id = toDocumentId(key);
    const found = (await database.get(collection, [id])).get(id);
    if (found !== undefined) remember(key, integerOf(found.fields, "version") ?? 0, found.updateTime);
    return found;
  };

  const preconditionOf = async (key: string, expected: number): Promise<Precondition | undefined> => {
    if (expected === 0) return { exists: false };
    if (known.get(key)?.version !== expected) await load(key);
    const now = known.get(key);
    return now?.version === expected ? { updateTime: now.updateTime } : undefined;
  };

  return {
    load,
    remember,
    async toWrite(key, version, fields) {
      const only = await preconditionOf(key, version - 1);
      if (only === undefined) return undefined;
      const set = { collection, id: toDocumentId(key), fields: { ...fields, version: integer(version) } };
      return { set, only };
    },
  };
};
