import type { ClusterEvent } from "../../cluster-event.ts";
import { objectKey } from "../../delivery/change.ts";
import { type Confirmation, toConfirmation } from "../../delivery/flux-confirmation.ts";
import { PipelineError } from "../../errors.ts";
import type { Work } from "../../ports.ts";
import type {
  ConfirmationRecord,
  DecisionRecord,
  OutboxEntry,
  SubscriptionState,
  Version,
} from "../../state.ts";
import type { SharedDeps } from "../deps.ts";
import { hashOf, toUndecidedId } from "../evaluate/decision-record.ts";
import { versionOf } from "../version.ts";
import { unasked } from "./confirmable.ts";
import { type EventMatch, matchEvent } from "./event-objects.ts";

type ConfirmWork = Extract<Work, { kind: "confirm" }>;

const MAX_CONFLICTS = 8;
const MAX_MESSAGE_LENGTH = 2_000;
/** Decisions looked through for one about a version that is neither selected nor delivered any more. */
const MAX_LOOKED_THROUGH = 200;

/** A version the event may be about, and the decision that was taken on it. */
interface Candidate extends Version {
  readonly decisionId: string;
}

/** What is known of the event so far. */
interface Told {
  readonly candidate: Candidate;
  readonly says: Exclude<Confirmation, "unrelated">;
}

const candidatesOf = ({ selection, outbox }: SubscriptionState): readonly Candidate[] => {
  const accepted = Object.values(outbox).filter(({ state }) => state === "accepted");
  // What was told last comes first: an error that names no version is about that.
  const told = [...accepted].sort((a, b) => b.sequence - a.sequence);
  return [...told, ...(selection === undefined ? [] : [selection]), ...Object.values(outbox)];
};

/** A decision on the version that the event names, however old. */
const findDecided = async (
  { state }: SharedDeps,
  subscription: string,
  { revision }: ClusterEvent,
): Promise<Candidate | undefined> => {
  const digest = revision?.digest;
  if (digest === undefined) return undefined;
  const records = await state.records({ subscription, newestFirst: true, limit: MAX_LOOKED_THROUGH });
  const decided = records.find((record) => record.kind === "decision" && record.digest === digest);
  // Flux may take what Sluice never saw, by polling; that is told as well.
  return {
    ...versionOf({ ...(revision?.tag === undefined ? {} : { tag: revision.tag }), digest }),
    decisionId: decided?.decisionId ?? toUndecidedId(subscription, digest),
  };
};

const interpret = async (
  deps: SharedDeps,
  { subscription, object }: EventMatch,
  state: SubscriptionState,
  event: ClusterEvent,
): Promise<Told | undefined> => {
  for (const candidate of candidatesOf(state)) {
    const says = toConfirmation(event, object, candidate);
    if (says !== "unrelated") return { candidate, says };
  }
  const candidate = await findDecided(deps, subscription.id, event);
  const says = candidate === undefined ? "unrelated" : toConfirmation(event, object, candidate);
  return candidate === undefined || says === "unrelated" ? undefined : { candidate, says };
};

/** When it happened: Flux writes whole seconds, and the event cannot have been sent after it came. */
const happenedAtMs = ({ timeMs }: ClusterEvent, receivedAtMs: number): number =>
  Math.max(timeMs, Math.min(receivedAtMs, timeMs + 999));

const pushedAtMs = (records: readonly DecisionRecord[]): number | undefined => {
  const [first] = records;
  const { origin } = first?.facts ?? {};
  const received =
    typeof origin === "object" && origin !== null && "receivedAtMs" in origin
      ? origin.receivedAtMs
      : undefined;
  return typeof received === "number" ? received : first?.atMs;
};

const toRecord = async (
  { state }: SharedDeps,
  { subscription, role, hasFollowers }: EventMatch,
  { candidate: { decisionId, ...version }, says }: Told,
  { event, receivedAtMs }: ConfirmWork,
): Promise<ConfirmationRecord> => {
  const atMs = happenedAtMs(event, receivedAtMs);
  const earlier = await state.records({ decisionId, limit: MAX_LOOKED_THROUGH });
  const pushed = pushedAtMs(earlier.filter((record) => record.kind === "decision"));
  const has = role === "own" && hasFollowers ? "fetched" : "applied";
  const message = event.message.slice(0, MAX_MESSAGE_LENGTH);
  return {
    kind: "confirmation",
    id: hashOf("confirmation", event.key, subscription.id),
    decisionId,
    atMs,
    subscription: subscription.id,
    outcome: says === "failed" ? "failed" : has,
    object: objectKey(event.object),
    reason: event.reason,
    ...(message === "" ? {} : { message }),
    ...(event.revision === undefined ? {} : { revision: event.revision.text }),
    ...versionOf(version),
    ...(pushed === undefined ? {} : { sincePushMs: Math.max(0, atMs - pushed) }),
  };
};

const RANK = { failed: 0, fetched: 1, applied: 2 } as const;

/** Objects report in any order: that one has fetched it does not undo that another runs it. */
const confirmed = (entry: OutboxEntry, { outcome, atMs, digest }: ConfirmationRecord): OutboxEntry => {
  if (entry.digest !== digest) return entry;
  const before = entry.confirmed;
  const isNews = before === undefined || outcome === "failed" || RANK[outcome] >= RANK[before.outcome];
  return isNews ? { ...unasked(entry), confirmed: { outcome, atMs } } : entry;
};

const applyRecord = (
  state: SubscriptionState,
  role: EventMatch["role"],
  event: ClusterEvent,
  record: ConfirmationRecord,
): SubscriptionState => {
  const outbox = Object.entries(state.outbox).map(([id, entry]) => [id, confirmed(entry, record)] as const);
  const { outcome, atMs } = record;
  const text = event.revision?.text ?? record.digest ?? "";
  const isOlder = (state.reported?.atMs ?? 0) > atMs;
  return {
    ...state,
    version: state.version + 1,
    outbox: Object.fromEntries(outbox),
    ...(role === "follower" || isOlder ? {} : { reported: { text, ...versionOf(record), outcome, atMs } }),
  };
};

const confirmFor = async (deps: SharedDeps, match: EventMatch, work: ConfirmWork): Promise<void> => {
  const { id } = match.subscription;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await deps.state.load(id);
    const told = await interpret(deps, match, state, work.event);
    // A follower may report what it has from elsewhere.
    if (told === undefined) return;
    const record = await toRecord(deps, match, told, work);
    // Without a row nobody has looked at the object yet, and that first look is what makes one.
    const next = state.version === 0 ? {} : { next: applyRecord(state, match.role, work.event, record) };
    if ((await deps.state.commit(id, state.version, { ...next, records: [record] })) === "conflict") continue;
    const { subscription, decisionId, outcome, object, reason, sincePushMs } = record;
    deps.log("confirmed", { subscription, decision: decisionId, outcome, object, reason, sincePushMs });
    return;
  }
  throw new PipelineError(`${id}: too many writers at once`, { code: "STATE_CONFLICT" });
};

/** Records what a cluster says about its objects, and stops poking for what is confirmed. Doing it twice changes nothing. */
export const recordConfirmation = async (deps: SharedDeps, work: ConfirmWork): Promise<void> => {
  for (const match of matchEvent(deps.catalog(), work.event)) await confirmFor(deps, match, work);
};
