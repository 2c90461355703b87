import type { KeyPath } from "./locate.ts";

/** One thing wrong with the file: what it is and how to mend it. Never holds a value of the file. */
export interface Problem {
  readonly path: KeyPath;
  readonly message: string;
}

/** A problem with its place, ready to print. */
export interface LocatedProblem {
  readonly file: string;
  readonly line: number;
  /** `clusters[0].receiver.baseUrl`; empty for the file as a whole. */
  readonly key: string;
  readonly message: string;
}

/** `sluice.yaml:12: clusters[0].receiver.baseUrl: must be …; write e.g. …` */
export const formatProblem = ({ file, line, key, message }: LocatedProblem): string =>
  key === "" ? `${file}:${line}: ${message}` : `${file}:${line}: ${key}: ${message}`;
