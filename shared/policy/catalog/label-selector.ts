import * as v from "valibot";
import { labels, optionalText } from "./fields.ts";

export const labelSelectorSpec = v.nullish(
  v.object({
    matchLabels: labels,
    matchExpressions: v.nullish(
      v.array(v.object({ key: v.string(), operator: optionalText, values: v.nullish(v.array(v.string())) })),
    ),
  }),
);

type LabelSelector = v.InferOutput<typeof labelSelectorSpec>;
type Expression = NonNullable<NonNullable<LabelSelector>["matchExpressions"]>[number];

const holds = (
  { key, operator, values }: Expression,
  objectLabels: Readonly<Record<string, string>>,
): boolean => {
  const value = objectLabels[key];
  const listed = value !== undefined && (values ?? []).includes(value);
  switch (operator) {
    case "In":
      return listed;
    case "NotIn":
      return !listed;
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
};

/** Kubernetes' LabelSelector; absent or empty matches everything. */
export const matchesLabels = (
  selector: LabelSelector,
  objectLabels: Readonly<Record<string, string>>,
): boolean =>
  Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => objectLabels[key] === value) &&
  (selector?.matchExpressions ?? []).every((expression) => holds(expression, objectLabels));
