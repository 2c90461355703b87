import { type RE2JS, RE2JSSyntaxException } from "re2js";
import { compileGoPattern, MAX_PATTERN_SIZE } from "../go-pattern.ts";
import { stripGroupNames } from "./go-regexp-groups.ts";

/** A pattern as Go's `regexp` reads it: linear time, leftmost-first, found anywhere in the text. */
export interface GoRegexp {
  test(text: string): boolean;
  /** Go's `Regexp.ExpandString` over the leftmost match; undefined when nothing matches. */
  expand(text: string, template: string): string | undefined;
}

export type CompiledGoRegexp = { readonly regexp: GoRegexp } | { readonly problem: string };

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

type Groups = ReadonlyMap<string, readonly number[]>;

/** `$1` is a number, `$01` and `$1x` are names, which Go then looks for among the named groups. */
const toGroupIndexes = (name: string, groups: Groups): readonly number[] => {
  const numeric = /^(?:0|[1-9][0-9]*)$/.test(name) && Number(name) < MAX_GROUP_NUMBER;
  return numeric ? [Number(name)] : (groups.get(name) ?? []);
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

const toGoRegexp = (compiled: RE2JS, groups: Groups): GoRegexp => {
  const groupCount = compiled.groupCount();
  return {
    test: (text) => compiled.test(text),
    expand: (text, template) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      return expandTemplate(template, (name) => {
        for (const index of toGroupIndexes(name, groups)) {
          const value = index > groupCount ? null : matcher.group(index);
          // Of groups that share a name, the first that took part counts.
          if (value !== null) return value;
        }
        return "";
      });
    },
  };
};

const compileNamed = (pattern: string): GoRegexp => {
  const compiled = compileGoPattern(pattern);
  const groups = new Map(Object.entries(compiled.namedGroups()).map(([name, index]) => [name, [index]]));
  return toGoRegexp(compiled, groups);
};

const compileUnnamed = (pattern: string): GoRegexp => {
  const stripped = stripGroupNames(pattern);
  return toGoRegexp(compileGoPattern(stripped.pattern), stripped.groups);
};

const isDuplicateName = (error: unknown): boolean =>
  error instanceof RE2JSSyntaxException && error.getDescription().includes("duplicate capture group name");

const cache = new Map<string, CompiledGoRegexp>();

const describe = (error: unknown): string => (error instanceof Error ? error.message : "invalid pattern");

const tryCompile = (compileAs: (pattern: string) => GoRegexp, pattern: string): CompiledGoRegexp => {
  try {
    return { regexp: compileAs(pattern) };
  } catch (error) {
    return { problem: describe(error) };
  }
};

const compile = (pattern: string): CompiledGoRegexp => {
  try {
    return { regexp: compileNamed(pattern) };
  } catch (error) {
    if (isDuplicateName(error)) return tryCompile(compileUnnamed, pattern);
    return { problem: describe(error) };
  }
};

/** Literal text, escaped signs and `.`, each repeated at most one way: nothing that Go could refuse. */
const PLAIN = /^\^?(?:(?:[A-Za-z0-9_/:@ ,;=&%#~!"'<>-]|\\[!-/:-@[-^`{-~]|\.)[*+?]?)*\$?$/;

/** What is wrong with a pattern, if anything. Those that people write most are told by their looks, uncompiled. */
export const findGoRegexpProblem = (pattern: string): string | undefined => {
  if (pattern.length <= MAX_PATTERN_SIZE && PLAIN.test(pattern)) return undefined;
  const compiled = compileGoRegexp(pattern);
  return "problem" in compiled ? compiled.problem : undefined;
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
