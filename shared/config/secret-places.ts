import { resolve } from "node:path";
import type { SecretRef } from "../ports.ts";
import { formatPath, type KeyPath } from "./locate.ts";

/** Where secrets are named, by `secretKey`: `sluice.yaml:12: sources[0].secrets[0]`. */
export type SecretPlaces = ReadonlyMap<string, string>;

/** One text for references to one secret; paths of files are absolute. */
export const secretKey = (ref: SecretRef): string => JSON.stringify(ref);

const toRef = (value: object, baseFolder: string): SecretRef | undefined => {
  const [only, ...others] = Object.entries(value);
  if (only === undefined || others.length > 0) return undefined;
  const [kind, name] = only;
  if (typeof name !== "string") return undefined;
  if (kind === "env") return { env: name };
  if (kind === "file") return { file: resolve(baseFolder, name) };
  return kind === "secret" ? { secret: name } : undefined;
};

/** The first place of each secret in a checked configuration, so that one that is missing can be found there. */
export const findSecretPlaces = (
  value: unknown,
  { file, baseFolder }: { readonly file: string; readonly baseFolder: string },
  lineOf: (path: KeyPath) => number,
): SecretPlaces => {
  const places = new Map<string, string>();
  const look = (here: unknown, path: KeyPath): void => {
    if (typeof here !== "object" || here === null) return;
    const ref = toRef(here, baseFolder);
    const key = ref === undefined ? "" : secretKey(ref);
    if (ref !== undefined && !places.has(key)) {
      places.set(key, `${file}:${lineOf(path)}: ${formatPath(path)}`);
    }
    const steps = Array.isArray(here) ? [...here.entries()] : Object.entries(here);
    for (const [step, below] of steps) look(below, [...path, step]);
  };
  look(value, []);
  return places;
};
