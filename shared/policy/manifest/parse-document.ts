import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument as parseYaml,
  visit,
  type YAMLMap,
} from "yaml";
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

const findRepeatedKey = ({ items }: YAMLMap): Node | undefined => {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) return key;
    seen.add(key.value);
  }
  return undefined;
};

interface Complaint {
  readonly message: string;
  readonly at: Node;
}

/**
 * Repeated keys and too many anchors. The parser's own check for keys compares each with each, and it resolves an
 * alias by looking at every anchor: both take hours on a few megabytes.
 */
const findComplaint = (document: Document.Parsed): Complaint | undefined => {
  let references = 0;
  let complaint: Complaint | undefined;
  visit(document, (_, node) => {
    if (!isNode(node)) return undefined;
    if (isAlias(node) || node.anchor !== undefined) references++;
    if (references > MANIFEST_LIMITS.maxReferences)
      complaint = { message: "too many anchors and aliases", at: node };
    const repeated = isMap(node) ? findRepeatedKey(node) : undefined;
    if (repeated !== undefined) complaint = { message: "a key is there twice", at: repeated };
    return complaint === undefined ? undefined : visit.BREAK;
  });
  return complaint;
};

const parseAsYaml = (text: string): DocumentResult => {
  const lines = new LineCounter();
  const document = parseYaml(text, {
    version: "1.1",
    customTags: (tags) => tags.filter((tag) => typeof tag === "string" || !TEXT_TAGS.has(tag.tag)),
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
    uniqueKeys: false,
  });
  const lineOf = (offset: number | undefined): number =>
    offset === undefined ? 1 : lines.linePos(offset).line;
  const [error] = document.errors;
  if (error !== undefined) return { problem: firstLine(error), line: lineOf(error.pos[0]) };
  const complaint = findComplaint(document);
  if (complaint !== undefined) return { problem: complaint.message, line: lineOf(complaint.at.range?.[0]) };
  return {
    // Throws on more aliases than that: they grow exponentially when they are resolved.
    value: document.toJS({ maxAliasCount: MANIFEST_LIMITS.maxAliases }),
    itemLine: (index) => lineOf(findItem(document, index)?.range?.[0]),
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
