/** One document of a YAML stream; `line` is where it starts in its file, from 1. */
export interface TextDocument {
  readonly text: string;
  readonly line: number;
}

// A line that starts so opens a document wherever it stands, in block scalars too (YAML 1.2, 9.1.2).
const MARKER = /^---(?=[ \t\r\n]|$)/gm;

const countLines = (text: string, start: number, end: number): number => {
  let lines = 0;
  for (let at = text.indexOf("\n", start); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
};

const hasContent = (text: string): boolean =>
  /^(?!---|[ \t]*(?:#|\r?$))./m.test(text) || /^---[ \t]+[^#\s]/.test(text);

const BARE_MARKER = /^---[ \t]*\r?\n/;

const toDocument = (text: string, line: number): TextDocument | undefined => {
  if (!hasContent(text)) return undefined;
  const marker = BARE_MARKER.exec(text)?.[0];
  return marker === undefined ? { text, line } : { text: text.slice(marker.length), line: line + 1 };
};

/**
 * Splits a stream into documents by their markers, so that one broken document spoils no other and each can be
 * parsed and measured by itself.
 */
export function* splitDocuments(stream: string): Generator<TextDocument> {
  const text = stream.startsWith("\uFEFF") ? stream.slice(1) : stream;
  let start = 0;
  let line = 1;
  for (const { index } of text.matchAll(MARKER)) {
    if (index === 0) continue;
    const document = toDocument(text.slice(start, index), line);
    if (document !== undefined) yield document;
    line += countLines(text, start, index);
    start = index;
  }
  const last = toDocument(text.slice(start), line);
  if (last !== undefined) yield last;
}
