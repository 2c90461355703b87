import * as v from "valibot";
import { checkTogether } from "./config/check-together.ts";
import type { Config } from "./config/config.ts";
import { formatPath, type KeyPath } from "./config/locate.ts";
import { formatProblem, type LocatedProblem, type Problem } from "./config/problem.ts";
import { type ConfigInput, configSchema } from "./config/schema.ts";
import { findSecretPlaces } from "./config/secret-places.ts";
import { toConfig } from "./config/to-config.ts";
import { readYaml } from "./config/yaml.ts";
import { PipelineError } from "./errors.ts";

export interface ConfigPlace {
  /** As messages should name it. */
  readonly file: string;
  /** Absolute; relative paths in the file are resolved against it. */
  readonly baseFolder: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] };

const toProblem = (issue: v.BaseIssue<unknown>, root: unknown): Problem => {
  const path: (string | number)[] = [];
  let here = root;
  for (const { key } of issue.path ?? []) {
    // valibot reads a list where a mapping belongs as a mapping with the keys 0, 1, 2.
    if (typeof key === "string" && Array.isArray(here)) {
      return { path, message: "must be a mapping of keys, not a list; remove the dash" };
    }
    const step = typeof key === "number" ? key : String(key);
    path.push(step);
    here = typeof here === "object" && here !== null ? Reflect.get(here, step) : undefined;
  }
  return { path, message: issue.message };
};

const MAX_PROBLEMS = 100;

const toLocated = (
  problems: readonly Problem[],
  file: string,
  lineOf: (path: KeyPath) => number,
): readonly LocatedProblem[] => {
  const byKey = new Map<string, LocatedProblem>();
  for (const { path, message } of problems.slice(0, 10 * MAX_PROBLEMS)) {
    const key = formatPath(path);
    // One per key: the first check that failed says what to do, the ones behind it only repeat it.
    if (!byKey.has(key)) byKey.set(key, { file, line: lineOf(path), key, message });
  }
  return [...byKey.values()]
    .sort((left, right) => left.line - right.line || (left.key < right.key ? -1 : 1))
    .slice(0, MAX_PROBLEMS);
};

type InputResult =
  | { readonly ok: true; readonly input: ConfigInput; lineOf(path: KeyPath): number }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] };

const checkInput = (text: string, file: string): InputResult => {
  const yaml = readYaml(text);
  if (!yaml.ok)
    return {
      ok: false,
      problems: yaml.problems.slice(0, MAX_PROBLEMS).map((problem) => ({ file, key: "", ...problem })),
    };
  const parsed = v.safeParse(configSchema, yaml.value);
  if (!parsed.success) {
    const problems = parsed.issues.map((issue) => toProblem(issue, yaml.value));
    return { ok: false, problems: toLocated(problems, file, yaml.lineOf) };
  }
  const input: ConfigInput = parsed.output;
  const together = checkTogether(input);
  if (together.length > 0) return { ok: false, problems: toLocated(together, file, yaml.lineOf) };
  return { ok: true, input, lineOf: yaml.lineOf };
};

const toPlaced = (
  { input, lineOf }: InputResult & { readonly ok: true },
  { file, baseFolder }: ConfigPlace,
): Config => ({
  ...toConfig(input, baseFolder),
  secretPlaces: findSecretPlaces(input, { file, baseFolder }, lineOf),
});

/** Reads and checks `sluice.yaml`, and names every problem with its line. Reads no file and no environment. */
export const checkConfig = (text: string, place: ConfigPlace): ConfigResult => {
  const result = checkInput(text, place.file);
  return result.ok ? { ok: true, config: toPlaced(result, place) } : result;
};

const requireInput = (text: string, file: string): InputResult & { readonly ok: true } => {
  const result = checkInput(text, file);
  if (result.ok) return result;
  throw new PipelineError(result.problems.map(formatProblem).join("\n"), { code: "CONFIG_INVALID" });
};

/**
 * What `toConfig` takes, as plain JSON: for bundles, which check their configuration when they are made and not at
 * each start. Throws `CONFIG_INVALID`, whose message has one line for each problem.
 */
export const parseConfigInput = (text: string, file: string): ConfigInput => requireInput(text, file).input;

/** As `checkConfig`; throws as `parseConfigInput` does. */
export const parseConfig = (text: string, place: ConfigPlace): Config =>
  toPlaced(requireInput(text, place.file), place);
