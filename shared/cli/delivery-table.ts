import type { Circuit } from "../delivery/circuit.ts";
import type { ListedDelivery } from "../pipeline/deliver/deliveries.ts";
import type { DeadLetter } from "../ports.ts";
import type { StoredRecord } from "../state.ts";
import { formatAge } from "./ages.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { type Cell, formatFacts, formatTable } from "./table.ts";

type Entry = ListedDelivery["entry"];

const paintState = ({ state, confirmed, confirmByMs }: Entry, paint: Paint): Cell => {
  const kind = { due: "warn", accepted: "good", parked: "bad", disabled: "bad", withdrawn: "dim" } as const;
  const painted = paint[kind[state]](state);
  if (state !== "accepted") return { painted };
  if (confirmed !== undefined) return { painted: `${painted} ${confirmed.outcome}` };
  return { painted: confirmByMs === undefined ? painted : `${painted} unconfirmed` };
};

const nextText = ({ state, nextAttemptAtMs, confirmByMs, parked }: Entry, nowMs: number): string => {
  if (state === "due" && nextAttemptAtMs !== undefined) return `next ${formatAge(nextAttemptAtMs, nowMs)}`;
  if (state === "accepted" && confirmByMs !== undefined) return `again ${formatAge(confirmByMs, nowMs)}`;
  return parked === undefined ? "" : `since ${formatAge(parked.atMs, nowMs)}`;
};

/** All there were; after another try from the start, how many of them since. */
const triesText = ({ attempts, rearmed }: Entry): string =>
  rearmed === undefined ? String(attempts) : `${attempts} (${attempts - rearmed.attempts} since replayed)`;

const HEADINGS = ["decided", "receiver", "object", "version", "state", "tries", "why", "when"] as const;

/** Entries of the outbox, a line each. */
export const formatDeliveries = (rows: readonly ListedDelivery[], paint: Paint, nowMs: number): string =>
  formatTable(
    paint,
    HEADINGS,
    rows.map(({ subscription, receiver, entry }) => [
      formatAge(entry.decidedAtMs, nowMs),
      receiver,
      subscription,
      entry.tag ?? entry.digest?.slice(0, 19) ?? "",
      paintState(entry, paint),
      triesText(entry),
      entry.reason ?? entry.lastOutcome ?? "",
      nextText(entry, nowMs),
    ]),
  );

const circuitText = (circuit: Circuit, nowMs: number): string => {
  switch (circuit.state) {
    case "closed":
      return circuit.failures === 0 ? "closed" : `closed, ${circuit.failures} failures in a row`;
    case "disabled":
      return `disabled ${formatAge(circuit.sinceMs, nowMs)}; \`sluice deliveries enable\` ends that`;
    case "open":
    case "half-open":
      return `${circuit.state}, next try ${formatAge(circuit.untilMs, nowMs)}`;
  }
};

/** One receiver: its circuit, what is kept for it, its latest requests. */
export const formatReceiver = (
  receiver: string,
  circuit: Circuit,
  rows: readonly ListedDelivery[],
  attempts: readonly StoredRecord[],
  paint: Paint,
  nowMs: number,
): string => {
  const head = formatFacts(paint, [
    ["receiver", { painted: paint.strong(printable(receiver)) }],
    ["circuit", circuitText(circuit, nowMs)],
  ]);
  const kept = rows.length === 0 ? "" : `\n${formatDeliveries(rows, paint, nowMs)}`;
  const lines = attempts.flatMap((record) =>
    record.kind === "attempt"
      ? [
          [
            formatAge(record.atMs, nowMs),
            record.subscription,
            record.outcome,
            record.status === undefined ? "" : String(record.status),
            `${record.durationMs} ms`,
            record.reason ?? record.next ?? "",
          ],
        ]
      : [],
  );
  const requests =
    lines.length === 0
      ? ""
      : `\n${formatTable(paint, ["attempt", "object", "outcome", "status", "took", "then"], lines)}`;
  return `${head}${kept}${requests}`;
};

const workText = ({ work }: DeadLetter): string => {
  switch (work?.kind) {
    case undefined:
      return "unreadable";
    case "push":
      return `push ${work.push.registry}/${work.push.repository}:${work.push.tag ?? work.push.digest ?? ""}`;
    case "evaluate":
      return `evaluate ${work.subscription}`;
    case "sweep":
      return `sweep ${work.repository.registry}/${work.repository.repository}`;
    case "deliver":
      return `deliver ${work.receiver}`;
    case "confirm":
      return `event of ${work.event.cluster}`;
  }
};

/** Dead messages, a line each. */
export const formatDead = (letters: readonly DeadLetter[], paint: Paint, nowMs: number): string =>
  formatTable(
    paint,
    ["since", "id", "work", "reason"],
    letters.map((letter) => [formatAge(letter.atMs, nowMs), letter.id, workText(letter), letter.reason]),
  );
