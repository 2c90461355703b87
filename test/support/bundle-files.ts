import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const STATIC_IMPORT = /\b(?:from|import)"(\.[^"]+)"/g;

/** A bundle's file and all that it imports at once; what is loaded on first use is not among them. */
export const filesAtStart = (entry: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const [, path = ""] of readFileSync(entry, "utf8").matchAll(STATIC_IMPORT)) {
    filesAtStart(join(dirname(entry), path), seen);
  }
  return seen;
};

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/;
/** What the bundler itself adds, from no source. */
const RUNTIME = /\/rolldown-runtime-[^/]+$/;

/** The packages of which something is loaded at once, by the bundle's source maps. */
export const packagesAtStart = (entry: string): ReadonlySet<string> => {
  const sources = [...filesAtStart(entry)]
    .filter((file) => !RUNTIME.test(file))
    .flatMap((file) => (JSON.parse(readFileSync(`${file}.map`, "utf8")) as { sources: string[] }).sources);
  return new Set(sources.flatMap((source) => PACKAGE.exec(source)?.[1] ?? []));
};
