/*
 * Most patterns of real rules are literal text with escaped dots, anchored or not, perhaps followed by `.*`. They
 * mean a comparison of strings; compiling one costs a new process more than all of a verification's cryptography.
 */

/** What stands for itself in Go's syntax: ASCII that is no operator, and any escaped punctuation. */
const LITERAL = /^(\^?)((?:[\w !"#%&',/:;<=>@`~-]|\\[!-/:-@[-`{-~])*)(\.\*)?(\$?)$/;
const ESCAPE = /\\(.)/g;

/** Matches as Go's `MatchString` does; undefined for any pattern that is more than literal text. */
export const toLiteralMatch = (source: string): ((text: string) => boolean) | undefined => {
  const [whole, start, escaped = "", rest, end] = LITERAL.exec(source) ?? [];
  if (whole === undefined) return undefined;
  const literal = escaped.replace(ESCAPE, "$1");
  if (rest === undefined) {
    if (start === "") return end === "" ? (text) => text.includes(literal) : (text) => text.endsWith(literal);
    return end === "" ? (text) => text.startsWith(literal) : (text) => text === literal;
  }
  if (end === "") return start === "" ? (text) => text.includes(literal) : (text) => text.startsWith(literal);
  // A dot matches no line break, and `$` is the end of the text alone.
  if (start === "") return undefined;
  return (text) => text.startsWith(literal) && !text.includes("\n", literal.length);
};
