export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. Of a name given twice the first value counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const LONGEST_HEADER = 16_384;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const SPACE = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
// Wider than RFC 9110's token: some registries leave URLs unquoted.
const BARE = /[^\s",]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Reads a `WWW-Authenticate` header (RFC 9110 §11.6.1): several challenges may share it, commas may sit inside
 * quotes. Reading stops at the first thing that is no challenge; what came before is kept.
 */
export const parseChallenges = (header: string | null): readonly Challenge[] => {
  if (header === null || header.length > LONGEST_HEADER) return [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };

  const takeParameter = (): readonly [string, string] | undefined => {
    const start = at;
    const name = take(TOKEN)?.[0];
    if (name === undefined || take(EQUALS) === undefined) {
      at = start;
      return undefined;
    }
    const quoted = take(QUOTED);
    const value = quoted === undefined ? take(BARE)?.[0] : quoted[1]?.replace(/\\(.)/g, "$1");
    if (value === undefined) at = start;
    return value === undefined ? undefined : [name.toLowerCase(), value];
  };

  const takeParameters = (): ReadonlyMap<string, string> => {
    const parameters = new Map<string, string>();
    for (;;) {
      const start = at;
      take(SEPARATORS);
      const parameter = takeParameter();
      if (parameter === undefined) {
        at = start;
        return parameters;
      }
      const [name, value] = parameter;
      if (!parameters.has(name)) parameters.set(name, value);
    }
  };

  const challenges: Challenge[] = [];
  for (;;) {
    take(SEPARATORS);
    const scheme = take(TOKEN)?.[0];
    // A parameter without a scheme before it: nothing after this point can be trusted to be what it seems.
    if (scheme === undefined || header[at] === "=") return challenges;
    take(SPACE);
    const parameters = take(TOKEN68) === undefined ? takeParameters() : new Map<string, string>();
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
};
