import type { AttemptRecord, ConfirmationRecord, DecisionRecord, StoredRecord } from "../state.ts";
import { formatAge } from "./ages.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { type Cell, formatFacts, formatTable } from "./table.ts";

export const paintOutcome = ({ outcome, reason }: DecisionRecord, paint: Paint): Cell => {
  const painted = { notify: paint.good, reject: paint.bad, wait: paint.warn, ignore: paint.dim }[outcome](
    outcome,
  );
  return { painted: `${painted} ${reason}` };
};

const versionOf = ({ tag, digest }: DecisionRecord): string => tag ?? digest?.slice(0, 19) ?? "";

const HEADINGS = ["when", "decision", "object", "version", "outcome"] as const;

/** Decisions, a line each, as they stand in the log. */
export const formatDecisions = (records: readonly StoredRecord[], paint: Paint, nowMs: number): string =>
  formatTable(
    paint,
    HEADINGS,
    records
      .filter((record) => record.kind === "decision")
      .map((record) => [
        formatAge(record.atMs, nowMs),
        record.decisionId.slice(0, 12),
        record.subscription,
        versionOf(record),
        paintOutcome(record, paint),
      ]),
  );

const factsOf = ({ facts }: DecisionRecord): readonly (readonly [string, Cell])[] =>
  Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, JSON.stringify(value)] as const],
  );

const formatAttempt = (
  { receiver, attempt, outcome, status, durationMs, atMs, next, reason }: AttemptRecord,
  paint: Paint,
  nowMs: number,
): string => {
  const answer = status === undefined ? outcome : `${outcome} (${status})`;
  const follows =
    next === undefined || next === "accepted" ? "" : `; ${next}${reason === undefined ? "" : `: ${reason}`}`;
  return formatFacts(paint, [
    ["when", formatAge(atMs, nowMs)],
    ["attempt", `${attempt} to ${receiver}: ${answer} in ${durationMs} ms${follows}`],
  ]);
};

const formatConfirmation = (
  { object, outcome, reason, message, sincePushMs, atMs }: ConfirmationRecord,
  paint: Paint,
  nowMs: number,
): string => {
  const since = sincePushMs === undefined ? "" : `, ${(sincePushMs / 1_000).toFixed(1)} s after the push`;
  const painted = outcome === "failed" ? paint.bad(outcome) : paint.good(outcome);
  return formatFacts(paint, [
    ["when", formatAge(atMs, nowMs)],
    ["cluster", { painted: `${painted} ${printable(`${object}: ${reason}${since}`)}` }],
    ...(outcome === "failed" && message !== undefined ? ([["message", message]] as const) : []),
  ]);
};

/** Everything known of one decision, oldest record first: what was decided when, why, and who was told. */
export const formatDecision = (records: readonly StoredRecord[], paint: Paint, nowMs: number): string =>
  records
    .map((record) => {
      if (record.kind === "attempt") return formatAttempt(record, paint, nowMs);
      if (record.kind === "confirmation") return formatConfirmation(record, paint, nowMs);
      return formatFacts(paint, [
        ["when", `${formatAge(record.atMs, nowMs)} (${record.atMs})`],
        ["outcome", paintOutcome(record, paint)],
        ["object", record.subscription],
        [
          "version",
          `${record.repository.registry}/${record.repository.repository}:${record.tag ?? ""}@${record.digest ?? ""}`,
        ],
        ["decision", record.decisionId],
        ["catalog", record.catalogVersion],
        ...factsOf(record),
      ]);
    })
    .join("\n");
