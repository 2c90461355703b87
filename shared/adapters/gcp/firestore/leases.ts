import type { Clock } from "../../../ports.ts";
import type { StateStore } from "../../../state.ts";
import type { FirestoreDatabase } from "./database.ts";
import { toDocumentId } from "./key.ts";
import { instant, instantMsOf, text, textOf } from "./values.ts";

export const CLAIMS = "claims";
export const DONE = "done";
/** The field that Firestore's TTL policy reads; TTL may be days late, so every reader compares it as well. */
export const EXPIRY = "expireAt";

const MAX_RACES = 4;

/** One owner at a time, by create-if-absent and by the time of change of what was there. */
export const createLeases = (
  database: FirestoreDatabase,
  clock: Clock,
): Pick<StateStore, "claim" | "release"> => {
  const read = async (id: string) => (await database.get(CLAIMS, [id])).get(id);
  return {
    async claim(key, owner, leaseUntilMs) {
      const id = toDocumentId(key);
      const set = { collection: CLAIMS, id, fields: { owner: text(owner), [EXPIRY]: instant(leaseUntilMs) } };
      for (let race = 0; race < MAX_RACES; race++) {
        // Mostly nobody holds it: one request.
        if ((await database.commit([{ set, only: { exists: false } }])).kind === "committed") return true;
        const held = await read(id);
        if (held === undefined) continue;
        const live = (instantMsOf(held.fields, EXPIRY) ?? 0) > clock.nowMs();
        if (live && textOf(held.fields, "owner") !== owner) return false;
        const only = { updateTime: held.updateTime };
        if ((await database.commit([{ set, only }])).kind === "committed") return true;
      }
      return false;
    },
    async release(key, owner) {
      const id = toDocumentId(key);
      const held = await read(id);
      if (held === undefined || textOf(held.fields, "owner") !== owner) return;
      // Whoever took it since then keeps it.
      await database.commit([{ remove: { collection: CLAIMS, id }, only: { updateTime: held.updateTime } }]);
    },
  };
};
