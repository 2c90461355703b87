import type { Selector } from "../ports.ts";
import { parseConstraint } from "./semver/constraint.ts";
import { isSatisfiable } from "./semver/satisfiable.ts";

const rangeOf = (selector: Selector): string | undefined => {
  if (selector.kind === "semver") return selector.range;
  return selector.kind === "image-policy" && selector.order.by === "semver"
    ? selector.order.range
    : undefined;
};

/** Whether the selector has a range that Flux accepts and no version can ever be in, such as `>2 <1`. */
export const isRangeEmpty = (selector: Selector): boolean => {
  const range = rangeOf(selector);
  // To Helm, no range is any.
  if (range === undefined || range === "") return false;
  const parsed = parseConstraint(range);
  return "constraint" in parsed && !isSatisfiable(parsed.constraint);
};
