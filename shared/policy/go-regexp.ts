import { RE2JS } from "re2js";

/** A pattern as Go's `regexp` reads it: linear time, leftmost-first, found anywhere in the text. */
export interface GoRegexp {
  test(text: string): boolean;
  /** Go's `Regexp.ExpandString` over the leftmost match; undefined when nothing matches. */
  expand(text: string, template: string): string | undefined;
}

export type CompiledGoRegexp = { readonly regexp: GoRegexp } | { readonly problem: string };

/** Longer than any pattern of a manifest, short enough to compile in milliseconds. */
const MAX_PATTERN_LENGTH = 4096;
const MAX_CACHED = 2048;
const MAX_GROUP_NUMBER = 1e8;

const NAME = /^[\p{L}\p{Nd}_]+/u;

interface Reference {
  readonly name: string;
  readonly length: number;
}

/** What follows a `$`: `name` or `{name}`, of letters, digits and underscores, as long as it goes. */
const readReference = (text: string): Reference | undefined => {
  const braced = text.startsWith("{");
  const name = NAME.exec(braced ? text.slice(1) : text)?.[0];
  if (name === undefined) return undefined;
  if (!braced) return { name, length: name.length };
  return text[name.length + 1] === "}" ? { name, length: name.length + 2 } : undefined;
};

/** `$1` is a number, `$01` and `$1x` are names, which Go then looks for among the named groups. */
const toGroupIndex = (name: string, groupNames: Readonly<Record<string, number>>): number | undefined => {
  const numeric = /^(?:0|[1-9][0-9]*)$/.test(name) && Number(name) < MAX_GROUP_NUMBER;
  if (numeric) return Number(name);
  return Object.hasOwn(groupNames, name) ? groupNames[name] : undefined;
};

const expandTemplate = (template: string, group: (name: string) => string): string => {
  let expanded = "";
  let rest = template;
  for (;;) {
    const dollar = rest.indexOf("$");
    if (dollar === -1) return expanded + rest;
    expanded += rest.slice(0, dollar);
    rest = rest.slice(dollar + 1);
    if (rest.startsWith("$")) {
      expanded += "$";
      rest = rest.slice(1);
      continue;
    }
    const reference = readReference(rest);
    if (reference === undefined) {
      expanded += "$";
      continue;
    }
    expanded += group(reference.name);
    rest = rest.slice(reference.length);
  }
};

const toGoRegexp = (compiled: RE2JS): GoRegexp => {
  const groupNames = compiled.namedGroups();
  const groupCount = compiled.groupCount();
  return {
    test: (text) => compiled.test(text),
    expand: (text, template) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      return expandTemplate(template, (name) => {
        const index = toGroupIndex(name, groupNames);
        return index === undefined || index > groupCount ? "" : (matcher.group(index) ?? "");
      });
    },
  };
};

const cache = new Map<string, CompiledGoRegexp>();

const compile = (pattern: string): CompiledGoRegexp => {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return { problem: `pattern is longer than ${MAX_PATTERN_LENGTH} characters` };
  }
  try {
    return { regexp: toGoRegexp(RE2JS.compile(pattern)) };
  } catch (error) {
    // Whatever the engine objects to, Go would not have matched with it either.
    return { problem: error instanceof Error ? error.message : "invalid pattern" };
  }
};

/** Compiles, or answers with what is wrong; the last patterns asked for are kept compiled. */
export const compileGoRegexp = (pattern: string): CompiledGoRegexp => {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = compile(pattern);
  // A bound, not a policy: a catalog's patterns fit many times over.
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
};
