import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Licences that an Apache-2.0 project may ship beside its own code. */
const ALLOWED: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "PSF-2.0",
  "Unlicense",
]);

/** Weak copyleft and attribution, unmodified and used to build or test only: never part of what a function bundle ships. */
const ALLOWED_FOR_TOOLS: ReadonlySet<string> = new Set([
  ...ALLOWED,
  "MPL-2.0",
  "Python-2.0",
  "CC-BY-3.0",
  "CC-BY-4.0",
]);

export interface LicensedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly toolOnly: boolean;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

/** Everything that the lockfile installs from outside this repository. */
export const parseLockfile = (text: string): readonly LicensedPackage[] => {
  const lock = JSON.parse(text) as { packages?: Readonly<Record<string, LockedPackage>> };
  return Object.entries(lock.packages ?? {})
    .filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true)
    .map(([path, entry]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version: entry.version ?? "?",
      licence: entry.license ?? "none stated",
      toolOnly: entry.dev === true || entry.devOptional === true,
    }));
};

/** An SPDX expression holds when one side of an OR, or every side of an AND, is allowed. */
export const isAllowed = (expression: string, allowed: ReadonlySet<string>): boolean => {
  const bare = expression.replaceAll(/[()]/g, " ").trim();
  if (/\sOR\s/.test(bare) && /\sAND\s/.test(bare)) return false; // mixed: a person must look
  if (/\sOR\s/.test(bare)) return bare.split(/\s+OR\s+/).some((licence) => allowed.has(licence));
  return bare.split(/\s+AND\s+/).every((licence) => allowed.has(licence));
};

/** Packages whose licence nobody has agreed to. */
export const selectRefused = (packages: readonly LicensedPackage[]): readonly LicensedPackage[] =>
  packages.filter(({ licence, toolOnly }) => !isAllowed(licence, toolOnly ? ALLOWED_FOR_TOOLS : ALLOWED));

const toLine = ({ name, version, licence, toolOnly }: LicensedPackage): string =>
  `${licence}\t${name}@${version}${toolOnly ? "\t(tools only)" : ""}`;

const main = (list: boolean): number => {
  const packages = parseLockfile(readFileSync(join(import.meta.dirname, "../../package-lock.json"), "utf8"));
  if (list) console.log(packages.map(toLine).sort().join("\n"));
  const refused = selectRefused(packages);
  for (const entry of refused) console.error(`licence not on the list: ${toLine(entry)}`);
  console.log(`licences: ${packages.length} packages, ${refused.length} refused`);
  return refused.length === 0 && packages.length > 0 ? 0 : 1;
};

if (import.meta.main) process.exitCode = main(process.argv.includes("--list"));
