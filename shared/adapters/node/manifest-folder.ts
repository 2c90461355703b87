import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { PipelineError } from "../../errors.ts";

export interface FolderFile {
  /** Relative to the folder, as a person would look it up. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface FolderLimits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
}

const MANIFEST_NAME = /\.(?:ya?ml|json)$/;

const invalid = (folder: string, message: string, cause?: unknown): PipelineError =>
  new PipelineError(`manifests folder ${folder}: ${message}`, { code: "CATALOG_INVALID", cause });

const readCapped = async (path: string, maxBytes: number): Promise<Uint8Array | undefined> => {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) return undefined;
    const bytes = new Uint8Array(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};

/** A checkout's link may point anywhere; a mounted ConfigMap is made of links that stay inside. */
const isManifest = async (entry: Dirent, root: string): Promise<boolean> => {
  if (!MANIFEST_NAME.test(entry.name)) return false;
  if (entry.isFile()) return true;
  if (!entry.isSymbolicLink()) return false;
  try {
    const target = await realpath(join(entry.parentPath, entry.name));
    return target.startsWith(root + sep) && (await stat(target)).isFile();
  } catch {
    return false;
  }
};

/** `.git` holds no manifests, and `..data` is where a mounted ConfigMap keeps what its links point at. */
const isHidden = (path: string): boolean =>
  path.split(/[\\/]/).some((part) => part === ".git" || part.startsWith(".."));

/**
 * All `.yaml`, `.yml` and `.json` files below `folder`, in order of name, each and all capped. Links are followed
 * only to files inside. Throws `CATALOG_INVALID`.
 */
export const readManifestFolder = async (
  folder: string,
  limits: FolderLimits,
): Promise<readonly FolderFile[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw invalid(folder, "cannot be read; check the path", cause);
  });
  const root = await realpath(folder);
  const kept = await Promise.all(entries.map((entry) => isManifest(entry, root)));
  const paths = entries
    .filter((_, index) => kept[index])
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isHidden(relative(folder, path)))
    .sort();
  if (paths.length > limits.maxFiles) throw invalid(folder, `holds more than ${limits.maxFiles} files`);
  const files: FolderFile[] = [];
  let totalBytes = 0;
  for (const path of paths) {
    const name = relative(folder, path);
    const bytes = await readCapped(path, limits.maxFileBytes).catch((cause: unknown) => {
      throw invalid(folder, `${name} cannot be read`, cause);
    });
    if (bytes === undefined) throw invalid(folder, `${name} is larger than ${limits.maxFileBytes} bytes`);
    totalBytes += bytes.byteLength;
    if (totalBytes > limits.maxTotalBytes)
      throw invalid(folder, `holds more than ${limits.maxTotalBytes} bytes`);
    files.push({ name, bytes });
  }
  return files;
};

/** Changes when any file's name or content does. */
export const hashFiles = (files: readonly FolderFile[]): string => {
  const hash = createHash("sha256");
  for (const { name, bytes } of files) hash.update(`${name}\0${bytes.byteLength}\0`).update(bytes);
  return hash.digest("hex");
};
