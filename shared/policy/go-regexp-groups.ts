/** A pattern without its groups' names, and the names by group number; several groups may share one. */
export interface UnnamedPattern {
  readonly pattern: string;
  readonly groups: ReadonlyMap<string, readonly number[]>;
}

// In order: \Q…\E, an escaped character, a character class (whose first character may be a bracket and which may
// hold [:named:] classes), a named group, any other group that does not capture, a group that does.
const TOKEN = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?|\(\?P?<(\w+)>|\(\?|\(/gs;

/**
 * Go lets several groups share a name, which the RE2 engine does not. A group's name has no say in what matches,
 * so it can go.
 */
export const stripGroupNames = (pattern: string): UnnamedPattern => {
  const groups = new Map<string, number[]>();
  let captures = 0;
  const unnamed = pattern.replace(TOKEN, (token: string, name: string | undefined) => {
    if (token === "(") captures++;
    if (name === undefined) return token;
    captures++;
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [captures]);
    else known.push(captures);
    return "(";
  });
  return { pattern: unnamed, groups };
};
