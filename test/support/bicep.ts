import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export interface BicepFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

/** Every Bicep file of the infrastructure for Azure. */
export const readBicep = (): readonly BicepFile[] =>
  globSync("infra/azure/**/*.bicep", { cwd: ROOT })
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));

/** What stands between the brace at `start` and the one that closes it. */
const blockAt = (text: string, start: number): string => {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (depth === 0) return text.slice(start + 1, at);
  }
  throw new Error("a block has no end");
};

export interface BicepResource {
  readonly symbol: string;
  readonly type: string;
  readonly body: string;
}

/** Resources that a file makes, not those that it takes for existing. */
export const resourcesOf = ({ text }: BicepFile): readonly BicepResource[] =>
  [...text.matchAll(/^ *resource (\w+) '([^']+)' = ?(?:\[[^{]*|if [^{]*)?\{/gm)].map((match) => ({
    symbol: match[1] ?? "",
    type: (match[2] ?? "").split("@")[0] ?? "",
    body: blockAt(text, match.index + match[0].length - 1),
  }));

/** Parameters of a file, and whether each may be left out. */
export const parametersOf = ({ text }: BicepFile): ReadonlyMap<string, { readonly optional: boolean }> =>
  new Map(
    [...text.matchAll(/^param (\w+) \w+( =)?/gm)].map(([, name, preset]) => [
      name ?? "",
      { optional: preset !== undefined },
    ]),
  );

export const outputsOf = ({ text }: BicepFile): ReadonlySet<string> =>
  new Set([...text.matchAll(/^output (\w+) /gm)].map(([, name]) => name ?? ""));

export interface BicepModule {
  readonly symbol: string;
  /** Relative to the repository. */
  readonly path: string;
  /** Names of the parameters that it is given. */
  readonly given: readonly string[];
}

/** The modules that a file uses. */
export const modulesOf = ({ path, text }: BicepFile): readonly BicepModule[] =>
  [...text.matchAll(/^module (\w+) '([^']+)' = (?:\[[^{]*)?\{/gm)].map((match) => {
    const body = blockAt(text, match.index + match[0].length - 1);
    const params = body.indexOf("params: {");
    const inside = blockAt(body, params + "params: ".length);
    const indent = /^\n( +)/.exec(inside)?.[1] ?? "";
    const given = [...inside.matchAll(new RegExp(`^${indent}(\\w+):`, "gm"))].map(([, name]) => name ?? "");
    return { symbol: match[1] ?? "", path: join(path, "..", match[2] ?? ""), given };
  });
