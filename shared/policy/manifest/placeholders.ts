// `${var}` and `${var:=default}` of Flux's post-build substitution, `<< inputs.x >>` of ResourceSets.
const PLACEHOLDER = /\$\{[A-Za-z_][^}]*\}|<<[^<>]*>>/;
const MAX_DEPTH = 32;

/** The first placeholder in a value's strings, or undefined. What it will become only the cluster knows. */
export const findPlaceholder = (value: unknown, depth = 0): string | undefined => {
  if (typeof value === "string") return PLACEHOLDER.exec(value)?.[0];
  if (typeof value !== "object" || value === null || depth >= MAX_DEPTH) return undefined;
  for (const entry of Object.values(value)) {
    const found = findPlaceholder(entry, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
};
