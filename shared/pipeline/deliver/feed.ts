import type { EndpointReceiver } from "../../receiver.ts";
import type { DecisionOutcome, DecisionRecord, OutboxEntry, StateStore, StoredRecord } from "../../state.ts";
import { tryToChangeDocument } from "../documents.ts";
import { rearmed, type Scheduled } from "./scheduled.ts";

/** What one endpoint of sluice.yaml hears of straight from the log of records. */
export interface FeedSettings {
  readonly receiver: EndpointReceiver;
  readonly outcomes: readonly DecisionOutcome[];
  readonly hears: (record: DecisionRecord) => boolean;
}

/** The record that is being told, in an outbox entry's words. */
export interface FeedHead extends Scheduled, Pick<OutboxEntry, "tag" | "decidedAtMs"> {
  readonly state: "due" | "parked" | "disabled";
  readonly record: string;
  readonly subscription: string;
  readonly digest?: string;
  /** Present while parked: the newest decision there was. A newer one lets it be tried once more. */
  readonly newest?: number;
}

/** How far an endpoint heard the log. Kept as a document: records before `after` are told, or passed over. */
export interface Feed {
  readonly after: number;
  /** Absent until its first request failed. */
  readonly head?: FeedHead;
  /** Records that the endpoint would not take. */
  readonly untold: number;
}

export interface StoredFeed {
  readonly version: number;
  readonly feed: Feed;
}

type FeedState = { readonly state: StateStore };

const keyOf = (receiver: string): string => `feed/${receiver}`;
/** Names all feeds that there were at the last start. */
const NAMES = "feeds";

/** Undefined for what was never opened. */
export const loadFeed = async ({ state }: FeedState, receiver: string): Promise<StoredFeed | undefined> => {
  const stored = await state.loadDocument(keyOf(receiver));
  // We alone write it; the version of the schema guards its shape.
  return stored === undefined ? undefined : { version: stored.version, feed: stored.value as Feed };
};

/** By compare-and-set. The saved one; undefined where somebody else saved it since. */
export const saveFeed = async (
  { state }: FeedState,
  receiver: string,
  { version }: Pick<StoredFeed, "version">,
  feed: Feed,
): Promise<StoredFeed | undefined> =>
  (await state.saveDocument(keyOf(receiver), version, feed)) ? { version: version + 1, feed } : undefined;

/** The last place in the log that is taken. */
export const endOfLog = async ({ state }: FeedState): Promise<number> =>
  (await state.records({ newestFirst: true, limit: 1 }))[0]?.sequence ?? 0;

const loadNames = async ({ state }: FeedState): Promise<readonly string[]> => {
  const stored = await state.loadDocument(NAMES);
  return (stored?.value as readonly string[] | undefined) ?? [];
};

/**
 * To be called before anything is decided. What is new, or was not there at the last start, hears nothing of what was
 * decided before: nobody wants a year's decisions at once.
 */
export const openFeeds = async (deps: FeedState, feeds: readonly FeedSettings[]): Promise<void> => {
  const known = new Set(await loadNames(deps));
  const after = await endOfLog(deps);
  const receivers = feeds.map(({ receiver }) => receiver.id);
  for (const id of receivers) {
    const stored = await loadFeed(deps, id);
    if (stored !== undefined && known.has(id)) continue;
    await saveFeed(deps, id, stored ?? { version: 0 }, { after, untold: 0 });
  }
  const stored = await deps.state.loadDocument(NAMES);
  if (JSON.stringify(stored?.value ?? []) !== JSON.stringify(receivers)) {
    await deps.state.saveDocument(NAMES, stored?.version ?? 0, receivers);
  }
};

/** Read at a time. */
const PAGE = 100;

/** A stretch of the log as one endpoint hears it. */
interface Stretch {
  readonly records: readonly (DecisionRecord & StoredRecord)[];
  /** Nothing else up to here concerns it. */
  readonly seenTo: number;
}

/** What comes after `after`, oldest first. Each outcome is read by itself, since most records are of others. */
export const readStretch = async (
  deps: FeedState,
  { outcomes, hears }: FeedSettings,
  after: number,
): Promise<Stretch> => {
  // First: what is appended while the outcomes are read, one after the other, is left for the next stretch.
  const end = await endOfLog(deps);
  const pages = await Promise.all(
    outcomes.map((outcome) => deps.state.records({ afterSequence: after, outcome, limit: PAGE })),
  );
  const fullTo = pages.map((page) => (page.length < PAGE ? undefined : page.at(-1)?.sequence));
  const seenTo = Math.min(end, ...fullTo.filter((sequence) => sequence !== undefined));
  const records = pages
    .flat()
    .filter((record): record is DecisionRecord & StoredRecord => record.kind === "decision")
    .filter((record) => record.sequence <= seenTo && hears(record))
    .sort((a, b) => a.sequence - b.sequence);
  return { records, seenTo };
};

/** The place of the newest decision with one of these outcomes. */
export const newestOf = async (
  { state }: FeedState,
  outcomes: readonly DecisionOutcome[],
): Promise<number> => {
  const newest = await Promise.all(
    outcomes.map((outcome) => state.records({ outcome, newestFirst: true, limit: 1 })),
  );
  return Math.max(0, ...newest.flat().map(({ sequence }) => sequence));
};

export const rearmHead = ({ newest: _newest, ...head }: FeedHead, nowMs: number): FeedHead =>
  rearmed(head, nowMs);

/** A decision that waits to be told, and the endpoint that it waits for. */
export interface WaitingFeed {
  readonly receiver: string;
  readonly head: FeedHead;
}

/** Endpoints whose next decision was tried and not taken. */
export const listWaiting = async (deps: FeedState): Promise<readonly WaitingFeed[]> => {
  const waiting: WaitingFeed[] = [];
  for (const receiver of await loadNames(deps)) {
    const head = (await loadFeed(deps, receiver))?.feed.head;
    if (head !== undefined) waiting.push({ receiver, head });
  }
  return waiting;
};

/** Lets a parked or disabled feed be tried again; false where it is neither. */
export const rearmFeed = async ({ state }: FeedState, receiver: string, nowMs: number): Promise<boolean> => {
  let isRearmed = false;
  const isChanged = await tryToChangeDocument(state, keyOf(receiver), (stored) => {
    const feed = stored as Feed | undefined;
    isRearmed = feed?.head !== undefined && feed.head.state !== "due";
    return isRearmed && feed?.head !== undefined ? { ...feed, head: rearmHead(feed.head, nowMs) } : undefined;
  });
  return isChanged && isRearmed;
};
