/** A fenced code block with the HTML comment right above it, which says what tests do with it. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  readonly note: string;
  readonly line: number;
}

const OPENING = /^```(\S*)$/;
const NOTE = /^<!-- (.*) -->$/;

/** All fenced blocks of a page, in order. */
export const codeBlocks = (page: string): readonly CodeBlock[] => {
  const lines = page.split("\n");
  const blocks: CodeBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const opening = OPENING.exec(lines[at] ?? "");
    if (opening === null) continue;
    const end = lines.indexOf("```", at + 1);
    if (end === -1) throw new Error(`line ${at + 1}: the code block does not end`);
    blocks.push({
      language: opening[1] ?? "",
      text: `${lines.slice(at + 1, end).join("\n")}\n`,
      note: NOTE.exec(lines[at - 1] ?? "")?.[1] ?? "",
      line: at + 1,
    });
    at = end;
  }
  return blocks;
};

/** The page without its code blocks: what is left is prose, tables and links. */
export const proseOf = (page: string): string => page.replace(/^```.*?^```$/gms, "");

const between = (name: string): RegExp =>
  new RegExp(`(<!-- begin ${name} -->\n)(.*?)(<!-- end ${name} -->)`, "gs");

/** What stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. */
export const sectionOf = (page: string, name: string): string => {
  const [found, ...more] = page.matchAll(between(name));
  if (found === undefined || more.length > 0) throw new Error(`${name} must be there exactly once`);
  return (found[2] ?? "").trim();
};

export const replaceSection = (page: string, name: string, text: string): string =>
  page.replace(
    between(name),
    (_all, begin: string, _old: string, end: string) => `${begin}\n${text}\n\n${end}`,
  );

/** The codes in the first column of a table. */
export const firstColumnCodes = (table: string): readonly string[] =>
  [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, code]) => code ?? "");
