import { type Document, isScalar, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import { type KeyPath, locate } from "./locate.ts";

const MAX_CHARACTERS = 1_048_576;
const MAX_ALIASES = 100;
/** Deeper than any setting; the parser recurses, so hostile depth is refused before it starts. */
const MAX_DEPTH = 64;

/** Keys that JavaScript objects treat specially; no setting has such a name. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

export interface TextProblem {
  readonly line: number;
  readonly message: string;
}

export type YamlResult =
  | { readonly ok: true; readonly value: unknown; lineOf(path: KeyPath): number }
  | { readonly ok: false; readonly problems: readonly TextProblem[] };

const WORDS: Partial<Record<YAMLError["code"], string>> = {
  MULTIPLE_DOCS: "has more than one YAML document; keep one (remove the `---` line)",
  TAB_AS_INDENT: "a tab is used for indentation; use spaces",
  NON_STRING_KEY: "keys must be plain text; put quotes around this one",
  TAG_RESOLVE_FAILED: "a value begins with an exclamation mark, which makes it a tag; put quotes around it",
  BAD_DIRECTIVE: "a line begins with a percent sign, which makes it a directive; put quotes around it",
  BAD_ALIAS: "an alias has no name or names nothing; write the value out",
};

const describe = ({ code, message }: YAMLError): string =>
  // The parser repeats what it met, with and without quotes, and that may be a secret somebody pasted.
  WORDS[code] ?? `is not valid YAML: ${message.replace(/: .*|\n.*|".*/s, "")}`;

const lineAt = (counter: LineCounter, offset: number): number => Math.max(1, counter.linePos(offset).line);

/** Depth by brackets and by indentation, over-estimated (brackets in strings count): one pass, no recursion. */
const isTooDeep = (text: string): boolean => {
  let open = 0;
  for (const character of text) {
    if (character === "[" || character === "{") open += 1;
    else if (character === "]" || character === "}") open -= 1;
    if (open > MAX_DEPTH) return true;
  }
  return /^ {1024}/m.test(text) || /^ *(?:[-?] +){64}/m.test(text);
};

/** Keys written twice (the parser's own check takes time with the square of a mapping's size) or not allowed at all. */
const keyProblems = (document: Document, counter: LineCounter): readonly TextProblem[] => {
  const problems: TextProblem[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const message = FORBIDDEN_KEYS.has(name)
          ? `\`${name}\` is not a known key; remove it`
          : "a key is written twice in one mapping; keep one of them";
        if (FORBIDDEN_KEYS.has(name) || seen.has(name)) {
          problems.push({ line: lineAt(counter, key.range?.[0] ?? 0), message });
        }
        seen.add(name);
      }
    },
  });
  return problems;
};

const refuse = (line: number, message: string): YamlResult => ({ ok: false, problems: [{ line, message }] });

/** Reads one YAML document, bounded in size, depth and aliases; warnings count as errors. */
export const readYaml = (text: string): YamlResult => {
  if (text.length > MAX_CHARACTERS)
    return refuse(1, "is larger than 1 MiB; split off what is not configuration");
  if (isTooDeep(text)) return refuse(1, "is nested too deeply to be a configuration");
  const counter = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: counter,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
    });
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      const problems = faults.map((fault) => ({
        line: lineAt(counter, fault.pos[0]),
        message: describe(fault),
      }));
      return { ok: false, problems };
    }
    const problems = keyProblems(document, counter);
    if (problems.length > 0) return { ok: false, problems };
    if (document.contents === null) return refuse(1, "is empty; start with `mode: observe`");
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { ok: true, value, lineOf: (path) => lineAt(counter, locate(document, path)) };
  } catch (error) {
    // What the parser throws on aliases that name nothing or multiply, and on depth that the scan let through.
    if (error instanceof ReferenceError) {
      return refuse(1, "uses YAML aliases that are unknown or too many; write the values out");
    }
    if (error instanceof RangeError) return refuse(1, "is nested too deeply to be a configuration");
    throw error;
  }
};
