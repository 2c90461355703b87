import { PipelineError } from "../errors.ts";
import type { Push } from "../ports.ts";
import { toIgnored } from "./ignored.ts";
import { MAX_EVENTS } from "./limits.ts";
import { tooLarge } from "./malformed.ts";

/** One bad entry must not cost its neighbours: it is ignored, unless nothing in the batch could be read. */
export const parseBatch = (
  source: string,
  entries: readonly unknown[],
  parseEntry: (entry: unknown, index: number) => readonly Push[],
): readonly Push[] => {
  if (entries.length > MAX_EVENTS) throw tooLarge(source, "body", `${MAX_EVENTS} events`);
  const pushes: Push[] = [];
  const errors: PipelineError[] = [];
  entries.forEach((entry, index) => {
    try {
      pushes.push(...parseEntry(entry, index));
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      errors.push(error);
      pushes.push(toIgnored({ source, reason: "malformed-entry" }));
    }
  });
  const [first] = errors;
  if (first !== undefined && errors.length === entries.length) throw first;
  return pushes;
};
