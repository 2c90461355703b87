import { stripVTControlCharacters } from "node:util";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Text from outside is made printable; `painted` text has been already and keeps its colours, each within a word. */
export type Cell = string | { readonly painted: string };

const toText = (cell: Cell): string => (typeof cell === "string" ? printable(cell) : cell.painted);

const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length;

const widestOf = (texts: readonly string[]): number =>
  texts.reduce((widest, text) => Math.max(widest, widthOf(text)), 0);

const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

const GAP = "  ";
/** Of one row; what needs more is easier to read as a block. */
const MAX_LINES = 5;

/** `key  value` lines with aligned values; pairs without a value are left out. */
export const formatFacts = (
  paint: Paint,
  facts: readonly (readonly [key: string, value: Cell | undefined])[],
): string => {
  const given = facts.filter((fact): fact is readonly [string, Cell] => fact[1] !== undefined);
  const width = widestOf(given.map(([key]) => key));
  return given.map(([key, value]) => `${paint.dim(pad(key, width))}${GAP}${toText(value)}\n`).join("");
};

/** Between words only, so that a name can still be copied. */
const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};

/** The widest column gives first, none below its longest word. Undefined: the terminal is too narrow. */
const narrow = (
  widths: readonly number[],
  words: readonly number[],
  columns: number,
): readonly number[] | undefined => {
  const fitted = [...widths];
  const room = columns - GAP.length * (widths.length - 1);
  for (let excess = fitted.reduce((sum, width) => sum + width, 0) - room; excess > 0; excess--) {
    const giving = fitted.map((width, column) => (width > (words[column] ?? 0) ? width : 0));
    const widest = Math.max(...giving);
    if (widest === 0) return undefined;
    fitted[giving.indexOf(widest)] = widest - 1;
  }
  return fitted;
};

const toLine = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, column) => (column === cells.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
    .join(GAP)
    .trimEnd();

const toBlocks = (paint: Paint, headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows
    .map((row) =>
      formatFacts(
        paint,
        headings.flatMap((heading, column) => {
          const painted = row[column] ?? "";
          return painted === "" ? [] : [[heading, { painted }] as const];
        }),
      ),
    )
    .join("\n");

/**
 * Columns side by side under a heading, each as wide as its widest cell; ends in a line break. Where the terminal
 * is narrower, text wraps; where that does not do, each row becomes a block of lines.
 */
export const formatTable = (
  paint: Paint,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
): string => {
  const texts = rows.map((row) => headings.map((_, column) => toText(row[column] ?? "")));
  const columnsOf = (parts: (text: string) => readonly string[]): readonly number[] =>
    headings.map((heading, column) =>
      widestOf([heading, ...texts.flatMap((row) => parts(row[column] ?? ""))]),
    );
  const widths = columnsOf((text) => [text]);
  const fitted =
    paint.columns === undefined
      ? widths
      : narrow(
          widths,
          columnsOf((text) => text.split(" ")),
          paint.columns,
        );
  const blocks = () => toBlocks(paint, headings, texts);
  if (fitted === undefined) return blocks();
  const wrapped = texts.map((row) => row.map((text, column) => wrap(text, fitted[column] ?? 0)));
  const heights = wrapped.map((cells) => Math.max(...cells.map(({ length }) => length)));
  if (heights.some((height) => height > MAX_LINES)) return blocks();
  const heading = paint.dim(
    toLine(
      headings.map((text) => text.toUpperCase()),
      fitted,
    ),
  );
  const lines = wrapped.flatMap((cells, row) =>
    Array.from({ length: heights[row] ?? 1 }, (_, line) =>
      toLine(
        cells.map((cell) => cell[line] ?? ""),
        fitted,
      ),
    ),
  );
  return `${[heading, ...lines].join("\n")}\n`;
};
