/** What is too much about a value, or undefined. */
export type Excess = "nested too deeply" | "too large when its aliases are written out" | undefined;

/**
 * Measures an object as it would be written out. Parsers take any depth of JSON, and what an alias names is there
 * once however often it is referred to: whoever walks or writes the object later would run out of stack or memory.
 */
export const findExcess = (value: unknown, maxDepth: number, maxCharacters: number): Excess => {
  let left = maxCharacters;
  const measure = (part: unknown, depth: number): Excess => {
    left -= typeof part === "string" ? part.length + 1 : 1;
    if (left < 0) return "too large when its aliases are written out";
    if (typeof part !== "object" || part === null) return undefined;
    if (depth === 0) return "nested too deeply";
    const keys = Array.isArray(part) ? [] : Object.keys(part);
    left -= keys.reduce((length, key) => length + key.length, 0);
    for (const entry of Array.isArray(part) ? part : Object.values(part)) {
      const excess = measure(entry, depth - 1);
      if (excess !== undefined) return excess;
    }
    return undefined;
  };
  return measure(value, maxDepth);
};
