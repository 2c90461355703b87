import type { BenchRow } from "./row.ts";

/** `quick` shows that everything runs; its figures mean little. */
export type Effort = "quick" | "full";

export interface BenchResult {
  readonly rows: readonly BenchRow[];
  /** What this run itself showed about what limits it. */
  readonly remarks: readonly string[];
}

/** One section of BENCHMARKS.md. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  /** What is measured, how, and beside what. */
  readonly about: string;
  run(effort: Effort): Promise<BenchResult>;
}
