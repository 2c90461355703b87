import type { FirestoreDatabase } from "./database.ts";
import type { Value } from "./values.ts";

const PAGE = 300;
const MAX_PAGES = 20;

/** Removes what has `field` below `value`, a bounded number at a time: the next run goes on. */
export const removeBelow = async (
  database: FirestoreDatabase,
  collection: string,
  field: string,
  value: Value,
): Promise<number> => {
  let removed = 0;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const old = await database.query({
      collection,
      where: [{ field, op: "LESS_THAN", value }],
      orderBy: [{ field }],
      select: [],
      limit: PAGE,
    });
    if (old.length === 0) break;
    await database.commit(old.map(({ id }) => ({ remove: { collection, id } })));
    removed += old.length;
    if (old.length < PAGE) break;
  }
  return removed;
};
