import { type BenchRow, type Goal, isMet, ratioOf } from "./row.ts";

/** Three digits that count; whole numbers stay whole. */
export const formatNumber = (value: number): string => {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
};

const withUnit = (value: number, unit: string): string =>
  unit === "" ? formatNumber(value) : `${formatNumber(value)} ${unit}`;

const formatGoal = ({ of, atMost, atLeast }: Goal, unit: string): string => {
  const bounds = [
    ...(atMost === undefined ? [] : [`≤ ${formatNumber(atMost)}`]),
    ...(atLeast === undefined ? [] : [`≥ ${formatNumber(atLeast)}`]),
  ].join(", ");
  return `${bounds} ${of === "ratio" ? "×" : unit}`.trim();
};

const formatMet = (row: BenchRow): string => {
  const met = isMet(row);
  return met === undefined ? "" : met ? "yes" : "**no**";
};

const toCells = (row: BenchRow): readonly string[] => {
  const { name, value, unit, beside, goal, note } = row;
  const ratio = ratioOf(row);
  return [
    note === undefined ? name : `${name} (${note})`,
    withUnit(value, unit),
    beside === undefined ? "" : `${beside.name}: ${withUnit(beside.value, unit)}`,
    ratio === undefined ? "" : `${formatNumber(ratio)} ×`,
    goal === undefined ? "" : formatGoal(goal, unit),
    formatMet(row),
  ];
};

const HEAD = ["figure", "value", "beside it, same run", "ratio", "goal", "met"];

/** A Markdown table whose source can be read as well. */
export const toTable = (rows: readonly BenchRow[]): string => {
  const lines = [HEAD, ...rows.map(toCells)];
  const widths = HEAD.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const toLine = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = "", ...body] = lines.map(toLine);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [head, rule, ...body].join("\n");
};
