import { mayTry } from "../../delivery/circuit.ts";
import { toDecisionBody } from "../../delivery/decision-body.ts";
import type { Outcome, OutcomeCode } from "../../delivery/outcomes.ts";
import type { NextAttempt } from "../../delivery/schedule.ts";
import type { DecisionRecord, StoredRecord } from "../../state.ts";
import { toDecisionEvent } from "../announce.ts";
import type { DeliverDeps, Send } from "../deps.ts";
import { loadCircuit, tryThrough } from "./circuit-store.ts";
import {
  type Feed,
  type FeedHead,
  type FeedSettings,
  loadFeed,
  newestOf,
  readStretch,
  rearmHead,
  type StoredFeed,
  saveFeed,
} from "./feed.ts";
import { reserveTurn } from "./rate.ts";
import { afterFailure, isReachedOtherwise, scheduleNext, toAttemptRecord } from "./scheduled.ts";

/** What telling an endpoint from the log touches. */
export type FeedDeps = Pick<
  DeliverDeps,
  "clock" | "random" | "state" | "handlingOf" | "secretsOf" | "log"
> & { readonly send: Send };

/** What an endpoint says of this one record, and not of itself: the next one may please it. */
const OF_THE_RECORD: ReadonlySet<string> = new Set<OutcomeCode>([
  "bad-request",
  "too-large",
  "unexpected-status",
]);

/** `told`: on to the next one. `stale`: somebody else changed the feed. */
type Told = { readonly told: StoredFeed } | "stale" | { readonly againAtMs: number | undefined };

type Decision = DecisionRecord & StoredRecord;

const firstHead = ({ id, decisionId, atMs, subscription, tag, digest }: Decision): FeedHead => ({
  record: id,
  decisionId,
  subscription,
  ...(tag === undefined ? {} : { tag }),
  ...(digest === undefined ? {} : { digest }),
  decidedAtMs: atMs,
  state: "due",
  attempts: 0,
});

/** A newer decision, or another way to reach it, is a reason to try once more; time alone is none. */
const isWorthATry = async (
  deps: FeedDeps,
  { receiver, outcomes }: FeedSettings,
  { newest = 0, parked }: FeedHead,
): Promise<boolean> => {
  if ((await newestOf(deps, outcomes)) > newest) return true;
  return parked === undefined || isReachedOtherwise(deps, receiver, parked);
};

/** The head as it is to be sent now, or when that may be; undefined: not by the clock. */
const readyHead = async (
  deps: FeedDeps,
  settings: FeedSettings,
  head: FeedHead,
): Promise<FeedHead | { readonly againAtMs: number | undefined }> => {
  const nowMs = deps.clock.nowMs();
  const circuit = await loadCircuit(deps, settings.receiver.id);
  if (circuit.state === "disabled") return { againAtMs: undefined };
  if (head.state === "parked" && !(await isWorthATry(deps, settings, head))) return { againAtMs: undefined };
  if (head.nextAttemptAtMs !== undefined && head.nextAttemptAtMs > nowMs) {
    return { againAtMs: head.nextAttemptAtMs };
  }
  if (circuit.state !== "closed" && !mayTry(circuit, nowMs)) return { againAtMs: circuit.untilMs };
  const turnAtMs = await reserveTurn(deps, settings.receiver);
  if (turnAtMs !== undefined) return { againAtMs: turnAtMs };
  return head.state === "due" ? head : rearmHead(head, nowMs);
};

const failedHead = async (
  deps: FeedDeps,
  { receiver, outcomes }: FeedSettings,
  head: FeedHead,
  outcome: Outcome,
  next: Exclude<NextAttempt, { kind: "accepted" }>,
): Promise<FeedHead> => {
  const { configuration } = deps.handlingOf(receiver);
  const failed = afterFailure(head, outcome, next, configuration, deps.clock.nowMs());
  return failed.state === "due" ? failed : { ...failed, newest: await newestOf(deps, outcomes) };
};

/** What the feed is after a request, and whether its record is done with. */
const settle = async (
  deps: FeedDeps,
  settings: FeedSettings,
  feed: Feed,
  { record, head, outcome }: { record: Decision; head: FeedHead; outcome: Outcome },
  next: NextAttempt,
): Promise<Feed> => {
  const receiver = settings.receiver.id;
  const { untold } = feed;
  if (next.kind === "accepted") return { after: record.sequence, untold };
  const { subscription } = record;
  if (next.kind === "parked" && OF_THE_RECORD.has(next.lastOutcome)) {
    deps.log("decision-untold", { receiver, subscription, record: record.id, reason: next.reason });
    return { after: record.sequence, untold: untold + 1 };
  }
  if (next.kind !== "retry") deps.log("delivery-parked", { receiver, subscription, reason: next.reason });
  return { after: feed.after, untold, head: await failedHead(deps, settings, head, outcome, next) };
};

/** So that `sluice deliveries show` tells of the latest requests, as of any receiver. */
const keepAttempt = async (
  deps: FeedDeps,
  receiver: string,
  {
    record,
    head,
    outcome,
    delivery,
  }: { record: Decision; head: FeedHead; outcome: Outcome; delivery: string },
  next: NextAttempt,
): Promise<void> => {
  const { subscription } = record;
  const where = { subscription, receiver, deliveryId: delivery };
  const kept = toAttemptRecord(head, where, outcome, next, deps.clock.nowMs(), record.id);
  await deps.state.commit(subscription, 0, { records: [kept] });
  const { code, status, durationMs } = outcome;
  deps.log("attempt", { receiver, delivery, changes: 1, outcome: code, status, durationMs });
};

const tellOne = async (
  deps: FeedDeps,
  settings: FeedSettings,
  stored: StoredFeed,
  record: Decision,
  signal: AbortSignal,
): Promise<Told> => {
  const { receiver } = settings;
  const { feed } = stored;
  const known = feed.head?.record === record.id ? feed.head : firstHead(record);
  const head = await readyHead(deps, settings, known);
  if ("againAtMs" in head) return head;
  const { sequence: _place, ...plain } = record;
  const body = toDecisionBody(receiver.id, toDecisionEvent(plain));
  const delivery = { receiver, body, timeMs: record.atMs, mayLeave: () => true };
  const outcome = await tryThrough(deps, receiver.id, () => deps.send(delivery, signal));
  // We were stopped: the next start tells it anew.
  if (outcome.code === "cancelled") return { againAtMs: undefined };
  const next = scheduleNext(deps, head, outcome, deps.clock.nowMs());
  await keepAttempt(deps, receiver.id, { record, head, outcome, delivery: body.id }, next);
  const after = await settle(deps, settings, feed, { record, head, outcome }, next);
  const saved = await saveFeed(deps, receiver.id, stored, after);
  if (saved === undefined) return "stale";
  return saved.feed.head === undefined ? { told: saved } : { againAtMs: saved.feed.head.nextAttemptAtMs };
};

/** One stretch of the log; answers as `tellOne` does, `told` with the feed at its end. */
const tellStretch = async (
  deps: FeedDeps,
  settings: FeedSettings,
  stored: StoredFeed,
  signal: AbortSignal,
): Promise<Told> => {
  const { records, seenTo } = await readStretch(deps, settings, stored.feed.after);
  let current = stored;
  for (const record of records) {
    const told = await tellOne(deps, settings, current, record, signal);
    if (told === "stale" || "againAtMs" in told) return told;
    current = told.told;
  }
  if (seenTo > current.feed.after) {
    // Passing over what does not concern it, too: settings that ask for more do not bring up the past.
    const saved = await saveFeed(deps, settings.receiver.id, current, { ...current.feed, after: seenTo });
    return saved === undefined ? "stale" : { told: saved };
  }
  return records.length === 0 ? { againAtMs: undefined } : { told: current };
};

/**
 * Tells one endpoint what the log says since it last heard of it: in the log's order, one request at a time, each
 * decision at least once. What it does not take holds up the rest, unless it is that one record that it refuses. Answers
 * when to come again by the clock, if at all. For the log's single reader.
 */
export const tellFeed = async (
  deps: FeedDeps,
  settings: FeedSettings,
  signal: AbortSignal,
): Promise<number | undefined> => {
  while (!signal.aborted) {
    const stored = await loadFeed(deps, settings.receiver.id);
    if (stored === undefined) return undefined;
    const told = await tellStretch(deps, settings, stored, signal);
    if (told !== "stale" && "againAtMs" in told) return told.againAtMs;
  }
  return undefined;
};
