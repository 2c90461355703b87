import { PipelineError } from "../errors.ts";
import type { StateStore } from "../state.ts";

/** Where small things are kept that all instances share. */
export type Documents = Pick<StateStore, "loadDocument" | "saveDocument">;

/** Racing writers of one document: each loses at most once per winner. */
const MAX_CONFLICTS = 16;

/**
 * Changes a document by compare-and-set: `change` gets what is stored and says what is to be there, undefined to leave
 * it as it is. It is asked again when somebody else was faster. False where that happened too often.
 */
export const tryToChangeDocument = async (
  documents: Documents,
  key: string,
  change: (stored: unknown) => unknown,
): Promise<boolean> => {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const stored = await documents.loadDocument(key);
    const next = change(stored?.value);
    if (next === undefined || (await documents.saveDocument(key, stored?.version ?? 0, next))) return true;
  }
  return false;
};

/** As `tryToChangeDocument`. Throws `STATE_CONFLICT` instead of giving up. */
export const changeDocument = async (...change: Parameters<typeof tryToChangeDocument>): Promise<void> => {
  if (await tryToChangeDocument(...change)) return;
  throw new PipelineError(`${change[1]}: too many writers at once`, { code: "STATE_CONFLICT" });
};

/** Documents of one process, gone with it. */
export const createLocalDocuments = (): Documents => {
  const kept = new Map<string, { readonly version: number; readonly value: unknown }>();
  return {
    loadDocument: async (key) => kept.get(key),
    async saveDocument(key, expectedVersion, value) {
      if ((kept.get(key)?.version ?? 0) !== expectedVersion) return false;
      kept.set(key, { version: expectedVersion + 1, value });
      return true;
    },
  };
};
