import { stripVTControlCharacters } from "node:util";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Text from outside is made printable; `painted` text has been already and keeps its colours. */
export type Cell = string | { readonly painted: string };

const toText = (cell: Cell): string => (typeof cell === "string" ? printable(cell) : cell.painted);

const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length;

const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

const GAP = "  ";

/** Columns side by side under a heading, each as wide as its widest cell; ends in a line break. */
export const formatTable = (
  paint: Paint,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
): string => {
  const texts = rows.map((row) => headings.map((_, column) => toText(row[column] ?? "")));
  const widths = headings.map((heading, column) =>
    texts.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? "")), widthOf(heading)),
  );
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
      .join(GAP)
      .trimEnd();
  const heading = paint.dim(toLine(headings.map((text) => text.toUpperCase())));
  return `${[heading, ...texts.map(toLine)].join("\n")}\n`;
};

/** `key  value` lines with aligned values; pairs without a value are left out. */
export const formatFacts = (
  paint: Paint,
  facts: readonly (readonly [key: string, value: Cell | undefined])[],
): string => {
  const given = facts.filter((fact): fact is readonly [string, Cell] => fact[1] !== undefined);
  const width = given.reduce((widest, [key]) => Math.max(widest, widthOf(key)), 0);
  return given.map(([key, value]) => `${paint.dim(pad(key, width))}${GAP}${toText(value)}\n`).join("");
};
