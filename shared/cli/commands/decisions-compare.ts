import { type ComparedVersion, type Comparison, compareDecisions } from "../../pipeline/compare.ts";
import type { RecordQuery, StoredRecord } from "../../state.ts";
import { formatAge, formatDuration } from "../ages.ts";
import type { CommandIo } from "../io.ts";
import { createPaint, type Paint } from "../paint.ts";
import { type Cell, formatTable } from "../table.ts";

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

/** Prints what Flux did beside what Sluice decided; 1 where Flux has what Sluice would not have told. */
export const printComparison = async (
  reader: { records(query: RecordQuery): Promise<readonly StoredRecord[]> },
  io: CommandIo,
  { query, limit, json }: CompareRequest,
): Promise<void> => {
  const newest = await reader.records({ ...query, newestFirst: true, limit });
  const rows = compareDecisions(newest.toReversed());
  const paint = createPaint(io.color);
  const headings = ["object", "version", "sluice", "flux", "flux was", "comparison"];
  if (json) io.stdout.write(`${JSON.stringify(rows)}\n`);
  else if (rows.length === 0) io.stdout.write("nothing to compare yet\n");
  else {
    const cells = rows.map((row) => toCells(row, paint, io.nowMs()));
    io.stdout.write(`${formatTable(paint, headings, cells)}\n${summarize(rows)}`);
  }
  const isApart = ({ comparison }: ComparedVersion): boolean =>
    comparison === "flux-only" || comparison === "unseen";
  io.exitWith(rows.some(isApart) ? 1 : 0);
};
