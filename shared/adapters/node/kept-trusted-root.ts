import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { replaceFile } from "./whole-file.ts";

/** A trusted root together with the version its repository gave it. */
export interface VersionedRoot {
  readonly bytes: Uint8Array;
  readonly version: number;
}

const isKept = (value: unknown): value is { version: number; root: string } =>
  typeof value === "object" &&
  value !== null &&
  "version" in value &&
  "root" in value &&
  Number.isSafeInteger(value.version) &&
  typeof value.root === "string";

/** What was in use when this process last ended; undefined when there is nothing, or nothing readable. */
export const readKeptRoot = async (path: string): Promise<VersionedRoot | undefined> => {
  try {
    const kept: unknown = JSON.parse(await readFile(path, "utf8"));
    return isKept(kept) ? { version: kept.version, bytes: Buffer.from(kept.root, "base64") } : undefined;
  } catch {
    return undefined;
  }
};

/** Replaces the file in one step: a crash leaves the old root or the new one, never half of one. */
export const keepRoot = async (path: string, { bytes, version }: VersionedRoot): Promise<void> => {
  makeFolder(dirname(path));
  await replaceFile(path, JSON.stringify({ version, root: Buffer.from(bytes).toString("base64") }), 0o600);
};
