/** What a figure should reach; `of` says whether the figure itself is meant or its ratio to what stands beside it. */
export interface Goal {
  readonly of: "value" | "ratio";
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One line of a benchmark's table. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** A floor that cannot be gone below, or a peer: of the same unit, measured in the same run. */
  readonly beside?: { readonly name: string; readonly value: number };
  readonly goal?: Goal;
  /** What the figure is compared with, or what holds it back. */
  readonly note?: string;
}

const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

export const quantile = (values: readonly number[], fraction: number): number => {
  const ordered = sorted(values);
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * fraction))] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const ratioOf = ({ value, beside }: BenchRow): number | undefined =>
  beside === undefined ? undefined : value / beside.value;

/** Undefined where nothing is asked. A figure that is not a number reaches nothing. */
export const isMet = (row: BenchRow): boolean | undefined => {
  if (row.goal === undefined) return undefined;
  const { of, atMost = Infinity, atLeast = -Infinity } = row.goal;
  const figure = of === "value" ? row.value : ratioOf(row);
  return figure !== undefined && figure <= atMost && figure >= atLeast;
};
