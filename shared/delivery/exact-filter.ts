/**
 * The CEL expression by which a Receiver pokes exactly the objects a delivery names, and nothing for any other body.
 * The type check comes first: `in` on a map would match by key, and a missing or other `objects` would be a 500.
 */
export const EXACT_FILTER = `type(req.?objects.orValue(null)) == list &&
(res.kind + "/" + res.metadata.namespace + "/" + res.metadata.name) in req.objects`;

const withoutSpace = (expression: string): string => expression.replace(/\s+/g, "");

/** Whether a filter is ours, however it is laid out. Any other one may do the same; that cannot be told by its text. */
export const isExactFilter = (expression: string): boolean =>
  withoutSpace(expression) === withoutSpace(EXACT_FILTER);
