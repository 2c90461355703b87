import { toDeliveryBodies } from "../delivery/body.ts";
import { mayTry, onResult, onTry } from "../delivery/circuit.ts";
import type { Receiver } from "../ports.ts";
import { changeCircuit, loadCircuit } from "./circuit-store.ts";
import type { DeliverDeps, Delivery } from "./deps.ts";
import { hintDelivery } from "./hints.ts";
import { type DueEntry, loadDue, settleAttempt, toChange } from "./outbox.ts";

/** Objects named in one request: a burst for one receiver leaves as one. */
const MAX_CHANGES = 200;
/** Rounds before another worker gets a turn; the queue carries on. */
const MAX_ROUNDS = 20;
/** When another worker holds the receiver, it may have looked just before our entry was written. */
const HELD_RETRY_MS = 1_000;

const sendBody = async (
  deps: DeliverDeps,
  { receiver, body, timeMs }: Delivery,
  due: readonly DueEntry[],
  signal: AbortSignal,
): Promise<void> => {
  await changeCircuit(deps, receiver.id, (circuit) => onTry(circuit, deps.clock.nowMs()));
  const outcome = await deps.send({ receiver, body, timeMs }, signal);
  const { code, status, durationMs } = outcome;
  deps.log("attempt", {
    receiver: receiver.id,
    delivery: body.id,
    changes: body.changes.length,
    outcome: code,
    status,
    durationMs,
  });
  const random = deps.random.fraction();
  await changeCircuit(deps, receiver.id, (circuit) => onResult(circuit, outcome, deps.clock.nowMs(), random));
  const decisions = new Set(body.changes.map(({ decisionId }) => decisionId));
  const sent = due.filter(({ entry }) => decisions.has(entry.decisionId));
  const times = await Promise.all(sent.map((one) => settleAttempt(deps, receiver.id, body.id, outcome, one)));
  const retries = times.filter((atMs) => atMs !== undefined);
  if (retries.length === 0) return;
  await deps.queue.send([hintDelivery(receiver.id, body.id, deps.clock.nowMs(), Math.min(...retries))]);
};

/** Keeps other workers off the receiver; false once another one has it. */
type Hold = () => Promise<boolean>;

/** Sends what is due now; false when nothing was, or nothing may be sent yet. */
const deliverRound = async (
  deps: DeliverDeps,
  receiver: Receiver,
  hold: Hold,
  signal: AbortSignal,
): Promise<boolean> => {
  const due = await loadDue(deps, receiver.id, MAX_CHANGES);
  if (due.length === 0) return false;
  const circuit = await loadCircuit(deps, receiver.id);
  const nowMs = deps.clock.nowMs();
  if (!mayTry(circuit, nowMs)) {
    const untilMs = circuit.state === "closed" ? nowMs : circuit.untilMs;
    await deps.queue.send([hintDelivery(receiver.id, "circuit", nowMs, untilMs)]);
    return false;
  }
  const catalog = deps.catalog();
  const changes = due.map((one) => toChange(catalog, one)).filter((change) => change !== undefined);
  const timeMs = Math.max(...due.map(({ entry }) => entry.decidedAtMs));
  const content = { timeMs, cluster: receiver.cluster, receiver: receiver.id, changes };
  for (const body of toDeliveryBodies(content)) {
    // The lease outlasts one request, not several: without it an older decision could leave after a newer one.
    if (!(await hold())) return false;
    await sendBody(deps, { receiver, body, timeMs }, due, signal);
  }
  return true;
};

const deliverAll = async (
  deps: DeliverDeps,
  receiverId: string,
  hold: Hold,
  signal: AbortSignal,
): Promise<void> => {
  const receiver = deps.catalog().receiver(receiverId);
  if (receiver === undefined) {
    // It left the catalog: loading withdraws what was due for it.
    await loadDue(deps, receiverId, MAX_CHANGES);
    return;
  }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (signal.aborted || !(await deliverRound(deps, receiver, hold, signal))) return;
  }
  const nowMs = deps.clock.nowMs();
  await deps.queue.send([hintDelivery(receiverId, "more", nowMs, nowMs + HELD_RETRY_MS)]);
};

/** Tells one receiver everything that is due for it: one request at a time, newest decision per object. */
export const deliverTo = async (
  deps: DeliverDeps,
  receiverId: string,
  signal: AbortSignal,
): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const key = `deliver/${receiverId}`;
  const owner = `${nowMs}-${deps.random.fraction()}`;
  const hold: Hold = () => deps.state.claim(key, owner, deps.clock.nowMs() + deps.settings.deliveryLeaseMs);
  if (!(await hold())) {
    // By the second: many who find it held leave one hint, and never the id of one that is being worked on.
    const atMs = (Math.floor(nowMs / HELD_RETRY_MS) + 2) * HELD_RETRY_MS;
    await deps.queue.send([hintDelivery(receiverId, "held", nowMs, atMs)]);
    return;
  }
  try {
    await deliverAll(deps, receiverId, hold, signal);
  } finally {
    await deps.state.release(key, owner);
  }
};
