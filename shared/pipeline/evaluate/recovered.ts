import type { FluxSelection } from "../../state.ts";
import { type Documents, tryToChangeDocument } from "../documents.ts";

const KEY = "sweep/recovered";

/** What the sweep found that no event had brought: a version, or the evidence of one that was held back. */
export const recoveredBy = (
  before: FluxSelection | undefined,
  after: FluxSelection | undefined,
): "version" | "evidence" | undefined => {
  if (after === undefined) return undefined;
  if (after.decisionId !== before?.decisionId) return "version";
  const isAccepted = after.status === "verified" || after.status === "allowed";
  return isAccepted && after.status !== before.status ? "evidence" : undefined;
};

const toCount = (value: unknown): number => Number(Reflect.get(Object(value), "count") ?? 0);

/** How many events the sweep has made up for, over all instances and restarts. */
export const readRecovered = async (documents: Documents): Promise<number> =>
  toCount((await documents.loadDocument(KEY))?.value);

/**
 * So many more. The most telling figure there is: it says how many events get lost on the way. One write for all that a
 * sweep found at once: neighbours that each counted their own would race for one document.
 */
export const countRecovered = async (documents: Documents, found: number): Promise<void> => {
  if (found === 0) return;
  await tryToChangeDocument(documents, KEY, (stored) => ({ count: toCount(stored) + found }));
};
