// `${var}` and `${var:=default}` of Flux's post-build substitution, `<< inputs.x >>` of ResourceSets.
const VARIABLE = /\$\{[A-Za-z_]/;
const INPUT = /<<[^<>]*>>/;
const MAX_DEPTH = 32;

/** Behind the first beginning or nowhere: looked for from each, a long text of beginnings would take forever. */
const findVariable = (text: string): string | undefined => {
  const start = VARIABLE.exec(text)?.index ?? text.length;
  const end = text.indexOf("}", start);
  return end === -1 ? undefined : text.slice(start, end + 1);
};

/** The first placeholder in a value's strings, or undefined. What it will become only the cluster knows. */
export const findPlaceholder = (value: unknown, depth = 0): string | undefined => {
  if (typeof value === "string") return findVariable(value) ?? INPUT.exec(value)?.[0];
  if (typeof value !== "object" || value === null || depth >= MAX_DEPTH) return undefined;
  for (const entry of Object.values(value)) {
    const found = findPlaceholder(entry, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
};
