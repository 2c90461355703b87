import type { CompiledSelector } from "../../policy/selection.ts";
import type { Version } from "../../state.ts";

/** How a version that the selector accepts stands to the current selection. */
export type Relation = "newer" | "same" | "older" | "tie";

/** A tag that moved to another digest counts as newer, even when it moved back. */
export const relate = (
  selector: CompiledSelector,
  current: Version | undefined,
  version: Version,
): Relation => {
  if (current === undefined) return "newer";
  if (current.tag === version.tag) return current.digest === version.digest ? "same" : "newer";
  if (current.tag === undefined || version.tag === undefined) return "newer";
  const order = selector.compare(version.tag, current.tag);
  if (order > 0) return "newer";
  return order < 0 ? "older" : "tie";
};
