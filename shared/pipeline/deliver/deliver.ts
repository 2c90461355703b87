import { toDeliveryBodies } from "../../delivery/body.ts";
import { objectKey } from "../../delivery/change.ts";
import type { Circuit } from "../../delivery/circuit.ts";
import { mayTry } from "../../delivery/circuit.ts";
import type { Outcome } from "../../delivery/outcomes.ts";
import type { Receiver } from "../../receiver.ts";
import type { DeliverDeps, Delivery } from "../deps.ts";
import { hintAgain, hintDelivery } from "../hints.ts";
import { type Age, startAge } from "./age.ts";
import { settleAttempt } from "./attempt.ts";
import { loadCircuit, tryThrough } from "./circuit-store.ts";
import { type DueEntry, disableEntry } from "./entries.ts";
import { isInLane, type LaneClaim, laneClaims } from "./lanes.ts";
import { loadDue, toChange } from "./outbox.ts";
import { takeTurn } from "./rate.ts";

/** Objects named in one request: a burst for one receiver leaves as one. */
const MAX_CHANGES = 200;
/** Rounds before another worker gets a turn; the queue carries on. */
const MAX_ROUNDS = 20;
/** When another worker holds the receiver, it may have looked just before our entry was written. */
const HELD_RETRY_MS = 1_000;

/** What one worker does for one receiver, or for the part of its objects that this lane has. */
interface Lane {
  readonly receiver: Receiver;
  readonly index: number;
  readonly lanes: number;
  /** Keeps other workers off; false once another one has it, or may have had it. */
  hold(): Promise<boolean>;
}

/** For so long a lease is as good as new. */
const FRESH_LEASE_MS = 1_000;

/** Takes one claim after the other; false once one is another's. */
const claimAll = async (
  { state }: DeliverDeps,
  claims: readonly LaneClaim[],
  untilMs: number,
): Promise<boolean> => {
  for (const { key, owner } of claims) if (!(await state.claim(key, owner, untilMs))) return false;
  return true;
};

const createHold = (deps: DeliverDeps, claims: readonly LaneClaim[]): Lane["hold"] => {
  let leaseAge: Age | undefined;
  return async () => {
    const before = leaseAge;
    if (before !== undefined && before() < FRESH_LEASE_MS) return true;
    const age = startAge(deps);
    const { deliveryLeaseMs } = deps.settings;
    const held = await claimAll(deps, claims, deps.clock.nowMs() + deliveryLeaseMs);
    // Between two leases another worker may have had one of its own, told something newer, and let go again.
    const lapsed = before !== undefined && before() >= deliveryLeaseMs;
    leaseAge = held && !lapsed ? age : undefined;
    return leaseAge !== undefined;
  };
};

const hintHeld = async (deps: DeliverDeps, receiver: string): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  // By the second: many who find it held leave one hint, and never the id of one that is being worked on.
  const atMs = (Math.floor(nowMs / HELD_RETRY_MS) + 2) * HELD_RETRY_MS;
  await deps.queue.send([hintAgain(receiver, "held", nowMs, atMs)]);
};

/** What was looked at is sent within this time, or looked at again: something newer may have taken its place. */
export const LOOK_WITHIN_MS = 10_000;

/** One request, by what was due at the last look. */
interface Shipment {
  readonly delivery: Omit<Delivery, "mayLeave">;
  readonly due: readonly DueEntry[];
  readonly lookAge: Age;
}

type Sent = "sent" | "lease-lost" | "look-again";

const settleShipment = async (
  deps: DeliverDeps,
  { delivery: { receiver, body }, due }: Shipment,
  outcome: Outcome,
): Promise<void> => {
  const { code, status, durationMs } = outcome;
  deps.log("attempt", {
    receiver: receiver.id,
    delivery: body.id,
    changes: body.changes.length,
    outcome: code,
    status,
    durationMs,
  });
  if (outcome.usedPreviousToken) deps.log("rotation-unfinished", { receiver: receiver.id });
  if (outcome.unexpectedBody) deps.log("answer-unexpected", { receiver: receiver.id });
  const decisions = new Set(body.changes.map(({ decisionId }) => decisionId));
  const sent = due.filter(({ entry }) => decisions.has(entry.decisionId));
  const times = await Promise.all(sent.map((one) => settleAttempt(deps, receiver, body.id, outcome, one)));
  const retries = times.filter((atMs) => atMs !== undefined);
  if (retries.length > 0) {
    await deps.queue.send([hintAgain(receiver.id, body.id, deps.clock.nowMs(), Math.min(...retries))]);
  }
};

/** Sends one body under the lease, unless this worker stood still since it looked. */
const sendBody = async (
  deps: DeliverDeps,
  { hold }: Lane,
  shipment: Shipment,
  signal: AbortSignal,
): Promise<Sent> => {
  const { delivery, lookAge } = shipment;
  const { id } = delivery.receiver;
  // The lease outlasts one request, not several: without it an older decision could leave after a newer one.
  if (!(await hold())) {
    await hintHeld(deps, id);
    return "lease-lost";
  }
  const mayLeave = (): boolean => lookAge() <= LOOK_WITHIN_MS;
  const outcome = await tryThrough(deps, id, () => deps.send({ ...delivery, mayLeave }, signal));
  if (outcome.code === "cancelled" && outcome.requests === 0 && !mayLeave()) return "look-again";
  await settleShipment(deps, shipment, outcome);
  return "sent";
};

/** Nothing may be sent yet, or not any more. */
const standBack = async (
  deps: DeliverDeps,
  { receiver }: Lane,
  circuit: Exclude<Circuit, { state: "closed" }>,
  due: readonly DueEntry[],
): Promise<void> => {
  if (circuit.state === "disabled") {
    for (const one of due)
      await disableEntry(deps, receiver.id, deps.handlingOf(receiver).configuration, one);
    return;
  }
  const nowMs = deps.clock.nowMs();
  await deps.queue.send([hintAgain(receiver.id, "circuit", nowMs, circuit.untilMs)]);
};

/** Sends what is due now; false when nothing was, or nothing may be sent yet. */
const deliverRound = async (deps: DeliverDeps, lane: Lane, signal: AbortSignal): Promise<boolean> => {
  const { receiver, index, lanes } = lane;
  const lookAge = startAge(deps);
  const catalog = deps.catalog();
  // Several objects may want the same one poked.
  const isMine = ({ state: { subscription } }: DueEntry): boolean => {
    const target = catalog.subscription(subscription)?.target;
    return isInLane(target === undefined ? subscription : objectKey(target), index, lanes);
  };
  const all = await loadDue(deps, receiver.id, MAX_CHANGES * lanes);
  const due = all.filter(isMine).slice(0, MAX_CHANGES);
  if (due.length === 0) return false;
  const circuit = await loadCircuit(deps, receiver.id);
  if (circuit.state !== "closed" && !mayTry(circuit, deps.clock.nowMs())) {
    await standBack(deps, lane, circuit, due);
    return false;
  }
  const changes = due.map((one) => toChange(catalog, receiver, one)).filter((change) => change !== undefined);
  const timeMs = Math.max(...due.map(({ entry }) => entry.decidedAtMs));
  const cluster = "cluster" in receiver ? { cluster: receiver.cluster } : {};
  const { providers = [] } = deps.handlingOf(receiver);
  const content = { timeMs, ...cluster, receiver: receiver.id, providers, changes };
  for (const body of toDeliveryBodies(content)) {
    if (!(await takeTurn(deps, receiver))) return false;
    const sent = await sendBody(deps, lane, { delivery: { receiver, body, timeMs }, due, lookAge }, signal);
    if (sent !== "sent") return sent === "look-again";
  }
  return true;
};

const deliverLane = async (deps: DeliverDeps, lane: Lane, signal: AbortSignal): Promise<void> => {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (signal.aborted || !(await deliverRound(deps, lane, signal))) return;
  }
  const nowMs = deps.clock.nowMs();
  await deps.queue.send([hintDelivery(lane.receiver.id, "more", nowMs, nowMs + HELD_RETRY_MS)]);
};

/**
 * Tells one receiver everything that is due for it, newest decision per object. One request at a time, or as many as
 * sluice.yaml says for it: then each object has its lane, so that its decisions never overtake each other.
 */
export const deliverTo = async (
  deps: DeliverDeps,
  receiverId: string,
  signal: AbortSignal,
): Promise<void> => {
  // Who comes for what has left already takes no lease.
  const horizonMs = deps.clock.nowMs() + deps.settings.gatherMs;
  if ((await deps.state.dueSubscriptions(receiverId, horizonMs, 1)).length === 0) return;
  const receiver = deps.catalog().receiver(receiverId);
  if (receiver === undefined) {
    // It left the catalog: loading withdraws what was due for it.
    await loadDue(deps, receiverId, MAX_CHANGES);
    return;
  }
  const owner = `${deps.clock.nowMs()}-${deps.random.fraction()}`;
  const lanes = laneClaims(receiverId, deps.handlingOf(receiver).concurrency, owner);
  const work = lanes.map(async (claims, index): Promise<boolean> => {
    const hold = createHold(deps, claims);
    if (!(await hold())) return false;
    try {
      await deliverLane(deps, { receiver, index, lanes: lanes.length, hold }, signal);
    } finally {
      for (const { key, shared } of claims) if (shared !== true) await deps.state.release(key, owner);
    }
    return true;
  });
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  if (results.some((result) => result.status === "fulfilled" && !result.value)) {
    await hintHeld(deps, receiverId);
  }
};
