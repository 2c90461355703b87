import { distribution, gitlab } from "./distribution.ts";
import type { PushSource } from "./source.ts";
import { zot } from "./zot.ts";

const SOURCES: ReadonlyMap<string, PushSource> = new Map(
  [zot, distribution, gitlab].map((source) => [source.name, source]),
);

export const SOURCE_NAMES: readonly string[] = [...SOURCES.keys()];

/** The source of that name; undefined for a name we do not know. */
export const parseSource = (name: string): PushSource | undefined => SOURCES.get(name);
