import { RE2JS } from "re2js";

/** Longer than any pattern of a manifest or a rule. Repeats are written out, so they count as often as they say. */
export const MAX_PATTERN_SIZE = 4096;

// In order: \Q…\E, an escape that has braces of its own, any other, a character class (whose first character may be a
// bracket and which may hold [:named:] classes), a counted repeat, any other character.
const TOKEN =
  /(\\Q.*?(?:\\E|$))|\\[pPx]\{[^}]*\}|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?|\{(\d+)(,\d*)?\}|./gsu;

/** How often an engine without counters writes out what stands before `{from,to}`. */
const timesOf = (from: string, to: string | undefined): number =>
  Math.max(1, Number(from), Number(to?.slice(1) ?? 0)) + (to === "," ? 1 : 0);

/** Over-estimates; of a pattern without counted repeats, never more than its length. */
const sizeOf = (pattern: string): number => {
  const outer: number[] = [];
  let size = 0;
  let last = 0;
  for (const [token, quoted, from, to] of pattern.matchAll(TOKEN)) {
    if (token === "(") {
      outer.push(size);
      size = 0;
    } else if (token === ")") {
      last = size + 2;
      size = (outer.pop() ?? 0) + last;
    } else if (from !== undefined) {
      const repeated = last * timesOf(from, to);
      size += repeated - last;
      last = repeated;
    } else {
      last = 1;
      size += quoted?.length ?? 1;
    }
  }
  return outer.reduce((sum, part) => sum + part, size);
};

/**
 * Compiles a pattern with Go's RE2 syntax. A few characters may ask for millions of steps (`(.{1000}){…}`, again and
 * again): compiling takes memory with their number, matching time. Throws for these, and for what Go would refuse.
 */
export const compileGoPattern = (pattern: string): RE2JS => {
  if (pattern.length > MAX_PATTERN_SIZE || sizeOf(pattern) > MAX_PATTERN_SIZE)
    throw new RangeError(`longer than ${MAX_PATTERN_SIZE} characters, with its repeats written out`);
  return RE2JS.compile(pattern);
};
