import { type ComparedVersion, type Comparison, compareDecisions } from "../../pipeline/evaluate/compare.ts";
import type { RecordQuery, StoredRecord } from "../../state.ts";
import { formatAge, formatDuration } from "../ages.ts";
import type { CommandIo } from "../io.ts";
import { createPaint, type Paint } from "../paint.ts";
import { type Cell, formatTable } from "../table.ts";

/** Records of one decision, at most. */
const MAX_OF_ONE = 1_000;

const MEANING: Readonly<Record<Comparison, string>> = {
  same: "both have it",
  "flux-only": "Flux alone has it",
  refused: "neither has it",
  "sluice-only": "Flux has not reported it",
  unseen: "Flux has it, Sluice never saw it",
};

const paintComparison = (comparison: Comparison, paint: Paint): Cell => {
  const kind = {
    same: "good",
    "flux-only": "bad",
    unseen: "bad",
    refused: "dim",
    "sluice-only": "warn",
  } as const;
  return { painted: `${paint[kind[comparison]](comparison)} ${MEANING[comparison]}` };
};

const laterText = ({ laterMs }: ComparedVersion): string => {
  if (laterMs === undefined) return "";
  return laterMs >= 0 ? `${formatDuration(laterMs)} later` : `${formatDuration(-laterMs)} earlier`;
};

const toCells = (row: ComparedVersion, paint: Paint, nowMs: number): readonly Cell[] => [
  row.subscription,
  row.tag ?? row.digest.slice(0, 19),
  row.decision === undefined ? "" : `${row.decision.outcome}: ${row.decision.reason}`,
  row.flux === undefined ? "" : `${row.flux.outcome} ${formatAge(row.flux.atMs, nowMs)}`,
  laterText(row),
  paintComparison(row.comparison, paint),
];

const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const summarize = (rows: readonly ComparedVersion[]): string => {
  const counts = Map.groupBy(rows, ({ comparison }) => comparison);
  const parts = [...counts].map(([comparison, list]) => `${list.length} ${comparison}`);
  const later = median(rows.flatMap(({ laterMs }) => (laterMs === undefined ? [] : [laterMs])));
  const typical =
    later === undefined
      ? ""
      : `; half the time Flux had it ${later >= 0 ? `${formatDuration(later)} after Sluice decided, or later` : `${formatDuration(-later)} before Sluice decided, or earlier`}`;
  return `${parts.join(", ")}${typical}\n`;
};

export interface CompareRequest {
  readonly query: Omit<RecordQuery, "limit">;
  readonly limit: number;
  readonly json: boolean;
}

type Reader = { records(query: RecordQuery): Promise<readonly StoredRecord[]> };

const isApart = ({ comparison }: ComparedVersion): boolean =>
  comparison === "flux-only" || comparison === "unseen";

/** Where the look back ended amid a version's decisions, the one that told of it may lie before. */
const withWholeDecisions = async (
  reader: Reader,
  records: readonly StoredRecord[],
): Promise<readonly StoredRecord[]> => {
  const ids = compareDecisions(records).flatMap(({ comparison, decision }) =>
    comparison === "flux-only" && decision !== undefined ? [decision.decisionId] : [],
  );
  const all = new Map(records.map((record) => [record.id, record]));
  for (const decisionId of new Set(ids)) {
    for (const record of await reader.records({ decisionId, limit: MAX_OF_ONE })) all.set(record.id, record);
  }
  return [...all.values()].toSorted((a, b) => a.sequence - b.sequence);
};

/** Prints what Flux did beside what Sluice decided; 1 where Flux has what Sluice would not have told. */
export const printComparison = async (
  reader: Reader,
  io: CommandIo,
  { query, limit, json }: CompareRequest,
): Promise<void> => {
  const newest = (await reader.records({ ...query, newestFirst: true, limit })).toReversed();
  const isAll = newest.length < limit;
  const rows = compareDecisions(isAll ? newest : await withWholeDecisions(reader, newest));
  const paint = createPaint(io);
  const headings = ["object", "version", "sluice", "flux", "flux was", "comparison"];
  if (json) io.stdout.write(`${JSON.stringify(rows)}\n`);
  else if (rows.length === 0) io.stdout.write("nothing to compare yet\n");
  else {
    const cells = rows.map((row) => toCells(row, paint, io.nowMs()));
    const bound = isAll
      ? ""
      : `only the newest ${limit} records were looked at; --limit looks further back\n`;
    io.stdout.write(`${formatTable(paint, headings, cells)}\n${summarize(rows)}${bound}`);
  }
  io.exitWith(rows.some(isApart) ? 1 : 0);
};
