import { CLOSED } from "../../delivery/circuit.ts";
import type { Clock, DeadLetter, DeadLetters, WorkQueue } from "../../ports.ts";
import type { OutboxEntry, StateStore, SubscriptionState } from "../../state.ts";
import { unasked } from "../confirm/confirmable.ts";
import type { Log } from "../deps.ts";
import { hintAgain } from "../hints.ts";
import { isOverdue } from "../sweep/overdue.ts";
import { changeCircuit, loadCircuit } from "./circuit-store.ts";
import { updateEntry, withEntry } from "./entries.ts";
import { listWaiting, rearmFeed } from "./feed.ts";
import { rearmed } from "./scheduled.ts";

/** What a person sees and does needs no more than this, so that it works on every platform. */
export interface DeliveriesDeps {
  readonly clock: Clock;
  readonly queue: WorkQueue;
  readonly state: StateStore;
  readonly log: Log;
}

/** One entry of the outbox. */
export interface DeliveryRow {
  readonly row: SubscriptionState;
  readonly receiver: string;
  readonly entry: OutboxEntry;
}

/** What is listed of an entry, or of a decision that an endpoint of sluice.yaml is to hear of. */
export interface ListedDelivery {
  readonly subscription: string;
  readonly receiver: string;
  readonly entry: Pick<OutboxEntry, "state" | "decisionId" | "decidedAtMs" | "attempts"> &
    Partial<Omit<OutboxEntry, "digest">> & { readonly digest?: string };
}

/** Absent fields ask for everything. */
export interface DeliveryFilter {
  readonly receiver?: string;
  readonly subscription?: string;
  readonly states?: readonly OutboxEntry["state"][];
  /** The reason it waits or is parked for, or the last outcome. */
  readonly reason?: string;
  /** Parked at this time or later. */
  readonly parkedFromMs?: number;
  /** Not tried, or not confirmed, though it was due long before this time. */
  readonly overdueAtMs?: number;
}

const PAGE = 500;

const matches = ({ subscription, receiver, entry }: ListedDelivery, filter: DeliveryFilter): boolean => {
  const { states, reason, parkedFromMs } = filter;
  if (filter.receiver !== undefined && filter.receiver !== receiver) return false;
  if (filter.subscription !== undefined && filter.subscription !== subscription) return false;
  if (states !== undefined && !states.includes(entry.state)) return false;
  if (reason !== undefined && reason !== (entry.reason ?? entry.lastOutcome) && reason !== entry.lastOutcome)
    return false;
  if (filter.overdueAtMs !== undefined && !isOverdue(entry, filter.overdueAtMs)) return false;
  return parkedFromMs === undefined || (entry.parked !== undefined && entry.parked.atMs >= parkedFromMs);
};

async function* listRows(state: StateStore): AsyncIterable<SubscriptionState> {
  let cursor: string | undefined;
  do {
    const page = await state.list(PAGE, cursor);
    yield* page.rows;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The outbox, row by row in an order of the store's own. */
export async function* listDeliveries(state: StateStore, filter: DeliveryFilter): AsyncIterable<DeliveryRow> {
  const one = filter.subscription;
  const rows = one === undefined ? listRows(state) : [await state.load(one)];
  for await (const row of rows) {
    for (const [receiver, entry] of Object.entries(row.outbox)) {
      const { subscription } = row;
      if (matches({ subscription, receiver, entry }, filter)) yield { row, receiver, entry };
    }
  }
}

const toListed = ({ row: { subscription }, receiver, entry }: DeliveryRow): ListedDelivery => ({
  subscription,
  receiver,
  entry,
});

const listHeads = async (
  deps: Pick<DeliveriesDeps, "state">,
  filter: DeliveryFilter,
): Promise<readonly ListedDelivery[]> =>
  (await listWaiting(deps))
    .map(({ receiver, head }) => ({ subscription: head.subscription, receiver, entry: head }))
    .filter((listed) => matches(listed, filter));

/** For a person, oldest first: the outbox, and the decisions that endpoints did not take yet. At most `limit`. */
export const listAll = async (
  deps: Pick<DeliveriesDeps, "state">,
  filter: DeliveryFilter,
  limit: number,
): Promise<readonly ListedDelivery[]> => {
  const listed: ListedDelivery[] = [...(await listHeads(deps, filter))];
  for await (const delivery of listDeliveries(deps.state, filter)) {
    if (listed.push(toListed(delivery)) >= limit) break;
  }
  return listed.sort((a, b) => a.entry.decidedAtMs - b.entry.decidedAtMs);
};

/** What is not Flux's pick any more must not be told: the poke would bring something else. */
const mayLeave = ({ selection }: SubscriptionState, entry: OutboxEntry): boolean =>
  selection?.decisionId === entry.decisionId &&
  (selection.status === "verified" || selection.status === "allowed") &&
  (entry.state === "parked" || entry.state === "disabled");

/** Makes one parked or disabled delivery due again. False where it is neither, or no longer what is selected. */
export const rearm = async (
  deps: DeliveriesDeps,
  { row, receiver, entry }: DeliveryRow,
): Promise<boolean> => {
  if (!mayLeave(row, entry)) return false;
  const nowMs = deps.clock.nowMs();
  const change = (now: SubscriptionState, current: OutboxEntry): SubscriptionState =>
    mayLeave(now, current) ? withEntry(now, receiver, rearmed(unasked(current), nowMs)) : now;
  const next = await updateEntry(deps, receiver, { state: row, entry }, change, []);
  if (next?.outbox[receiver]?.state !== "due") return false;
  await deps.queue.send([hintAgain(receiver, `rearm/${entry.decisionId}`, nowMs, undefined)]);
  return true;
};

export interface Replayed {
  readonly replayed: readonly ListedDelivery[];
  /** Matched, and not what is selected any more. */
  readonly outdated: readonly ListedDelivery[];
}

/** Makes parked deliveries due again, all that match. Those of a disabled receiver wait until it is enabled. */
export const replayDeliveries = async (deps: DeliveriesDeps, filter: DeliveryFilter): Promise<Replayed> => {
  const replayed: ListedDelivery[] = [];
  const outdated: ListedDelivery[] = [];
  const parked = { ...filter, states: ["parked"] as const };
  for await (const delivery of listDeliveries(deps.state, parked)) {
    const done = await rearm(deps, delivery);
    (done ? replayed : outdated).push(toListed(delivery));
  }
  for (const head of await listHeads(deps, parked)) {
    if (await rearmFeed(deps, head.receiver, deps.clock.nowMs())) replayed.push(head);
  }
  return { replayed, outdated };
};

/** Lets a receiver that said 410 be told again, from what was kept for it on. */
export const enableReceiver = async (
  deps: DeliveriesDeps,
  receiver: string,
): Promise<{ readonly wasDisabled: boolean; readonly replayed: number }> => {
  const wasDisabled = (await loadCircuit(deps, receiver)).state === "disabled";
  await changeCircuit(deps, receiver, (circuit) => (circuit.state === "disabled" ? CLOSED : circuit));
  let replayed = 0;
  for await (const delivery of listDeliveries(deps.state, { receiver, states: ["disabled"] })) {
    if (await rearm(deps, delivery)) replayed += 1;
  }
  for (const { receiver: id } of await listHeads(deps, { receiver, states: ["disabled"] })) {
    if (await rearmFeed(deps, id, deps.clock.nowMs())) replayed += 1;
  }
  return { wasDisabled, replayed };
};

/** Which dead messages; absent fields ask for everything. */
export interface DeadFilter {
  readonly ids?: readonly string[];
  readonly receiver?: string;
  /** Part of the reason. */
  readonly reason?: string;
  readonly fromMs?: number;
}

/** Dead messages that match, oldest first where the platform keeps an order. */
export const listDead = async (
  letters: DeadLetters,
  { ids, receiver, reason, fromMs }: DeadFilter,
  limit: number,
): Promise<readonly DeadLetter[]> =>
  (await letters.list(limit)).filter(
    ({ id, work, reason: why, atMs }) =>
      (ids === undefined || ids.includes(id)) &&
      (receiver === undefined || (work?.kind === "deliver" && work.receiver === receiver)) &&
      (reason === undefined || why.includes(reason)) &&
      (fromMs === undefined || atMs >= fromMs),
  );
