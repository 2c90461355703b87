import { type Document, isMap, isSeq, LineCounter, type Node, parseDocument as parseYaml } from "yaml";
import { MANIFEST_LIMITS } from "./limits.ts";

export interface ParsedDocument {
  readonly value: unknown;
  /** The line, from 1 within the document, of the nth entry of the top-level `items`. */
  itemLine(index: number): number;
}

export type DocumentResult = ParsedDocument | { readonly problem: string; readonly line: number };

// Kubernetes' tools read YAML 1.1 (`yes` is a boolean) but leave dates and binary as text.
const TEXT_TAGS = new Set(["tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary"]);
const MAX_MESSAGE_LENGTH = 200;

const firstLine = (error: unknown): string => {
  const message = error instanceof Error ? error.message : "unreadable";
  return (message.split("\n", 1)[0] ?? "").slice(0, MAX_MESSAGE_LENGTH);
};

const findItem = (document: Document.Parsed, index: number): Node | undefined => {
  if (!isMap(document.contents)) return undefined;
  const items = document.contents.get("items", true);
  if (!isSeq(items)) return undefined;
  const item = items.items[index];
  return isMap(item) ? item : undefined;
};

const parseAsYaml = (text: string): DocumentResult => {
  const lines = new LineCounter();
  const document = parseYaml(text, {
    version: "1.1",
    customTags: (tags) => tags.filter((tag) => typeof tag === "string" || !TEXT_TAGS.has(tag.tag)),
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const [error] = document.errors;
  if (error !== undefined) return { problem: firstLine(error), line: lines.linePos(error.pos[0]).line };
  return {
    // Throws on more aliases than that: they grow exponentially when they are resolved.
    value: document.toJS({ maxAliasCount: MANIFEST_LIMITS.maxAliases }),
    itemLine: (index) => {
      const offset = findItem(document, index)?.range?.[0];
      return offset === undefined ? 1 : lines.linePos(offset).line;
    },
  };
};

const parseAsJson = (text: string): ParsedDocument | undefined => {
  try {
    return { value: JSON.parse(text), itemLine: () => 1 };
  } catch {
    // YAML's flow style may start with a brace as well; its parser also says where the error is.
    return undefined;
  }
};

/** Reads one YAML or JSON document. Nothing in it makes this throw or run for long. */
export const parseDocument = (text: string): DocumentResult => {
  try {
    const json = /^\s*[{[]/.test(text) ? parseAsJson(text) : undefined;
    return json ?? parseAsYaml(text);
  } catch (error) {
    // Alias bombs, and nesting so deep that the parser's stack ends.
    return { problem: firstLine(error), line: 1 };
  }
};
