/**
 * The commands of a shell block, each as its words: enough of a shell for documents (quotes, `\` at the end of a
 * line, comments). What follows a pipe, a redirection or `&&` is a command of its own or left out.
 */
export const toCommands = (script: string): readonly (readonly string[])[] => {
  const commands: string[][] = [[]];
  const text = script.replace(/\\\n\s*/g, " ");
  const token = /[^\S\n]*(#[^\n]*|\n|&&|\||[<>]\s*\S+|(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\|<>&])+)/gy;
  for (const [, found = ""] of text.matchAll(token)) {
    if (found.startsWith("#") || /^[<>]/.test(found)) continue;
    if (found === "\n" || found === "&&" || found === "|") commands.push([]);
    else commands.at(-1)?.push(found.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, "$1$2$3"));
  }
  return commands.filter((words) => words.length > 0);
};
