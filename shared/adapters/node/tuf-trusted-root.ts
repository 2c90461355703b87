import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_MIRROR_URL, initTUF } from "@sigstore/tuf";
import { PipelineError } from "../../errors.ts";
import type { TrustedRootSource } from "../../ports.ts";
import { keepRoot, readKeptRoot, type VersionedRoot } from "./kept-trusted-root.ts";

export interface TufTrustedRootOptions {
  /** A folder of our own: the TUF client's metadata and the root last in use. */
  readonly cachePath: string;
  /** Default: the public-good repository, whose first root metadata comes with the client. */
  readonly mirrorUrl?: string;
  /** First `root.json` of any other repository. */
  readonly rootPath?: string;
  readonly timeoutMs: number;
  /** What is trusted before the first refresh, and the version that its repository gave it. */
  readonly shipped: VersionedRoot;
  /** Throws when the bytes are no usable trusted root. */
  readonly check: (bytes: Uint8Array) => void;
  /** Roots by name; the default one is ours. */
  readonly named: TrustedRootSource;
}

export interface TufTrustedRoot extends TrustedRootSource {
  /** Version in use. */
  readonly version: () => number;
  /**
   * Asks the repository, off the hot path. What was in use stays in use unless something newer was signed,
   * fetched and found usable; throws `TRUST_ROOT_INVALID` when that could not be learned.
   */
  refresh(): Promise<"updated" | "unchanged">;
}

const TARGET = "trusted_root.json";
const KEPT = "trusted-root-in-use.json";

/** Where the client keeps the metadata of one repository. */
const metadataPath = (cachePath: string, mirrorUrl: string): string => {
  const { host, pathname } = new URL(mirrorUrl);
  return join(cachePath, encodeURIComponent(host + pathname.replace(/\/$/, "")), "targets.json");
};

const readVersion = async (path: string): Promise<number> => {
  const metadata: unknown = JSON.parse(await readFile(path, "utf8"));
  const signed = (metadata as { signed?: { version?: unknown } }).signed;
  if (typeof signed?.version !== "number") throw new TypeError("targets metadata has no version");
  return signed.version;
};

const fetchRoot = async (options: TufTrustedRootOptions): Promise<VersionedRoot> => {
  const { cachePath, mirrorUrl = DEFAULT_MIRROR_URL, rootPath, timeoutMs } = options;
  const client = await initTUF({
    cachePath,
    mirrorURL: mirrorUrl,
    timeout: timeoutMs,
    retry: { retries: 1 },
    ...(rootPath === undefined ? {} : { rootPath }),
  });
  const bytes = Buffer.from(await client.getTarget(TARGET), "utf8");
  // Read after the client has verified and stored it.
  return { bytes, version: await readVersion(metadataPath(cachePath, mirrorUrl)) };
};

const isUsable = (bytes: Uint8Array, check: (bytes: Uint8Array) => void): boolean => {
  try {
    check(bytes);
    return true;
  } catch {
    return false;
  }
};

/** The newer of what was shipped and what was last in use here, if that can still be read. */
const startWith = async ({ cachePath, shipped, check }: TufTrustedRootOptions): Promise<VersionedRoot> => {
  const kept = await readKeptRoot(join(cachePath, KEPT));
  return kept !== undefined && kept.version > shipped.version && isUsable(kept.bytes, check) ? kept : shipped;
};

/**
 * The default trusted root, refreshed by TUF. Never backwards: not by the repository's own word (the TUF client
 * sees to that), and not by a lost cache either, since what is older than the root in use is refused.
 */
export const createTufTrustedRoot = async (options: TufTrustedRootOptions): Promise<TufTrustedRoot> => {
  const { cachePath, check, named } = options;
  let current = await startWith(options);
  const adopt = async (next: VersionedRoot): Promise<"updated" | "unchanged"> => {
    if (next.version < current.version) {
      const versions = `${next.version} after ${current.version}`;
      throw new PipelineError(`trusted root went backwards: ${versions}`, { code: "TRUST_ROOT_INVALID" });
    }
    check(next.bytes);
    const same = Buffer.from(next.bytes).equals(current.bytes);
    if (same && next.version === current.version) return "unchanged";
    await keepRoot(join(cachePath, KEPT), next);
    // The same object while the content is the same, so that readers need not parse it again.
    current = same ? { ...next, bytes: current.bytes } : next;
    return same ? "unchanged" : "updated";
  };
  return {
    version: () => current.version,
    read: async (name) => (name === undefined ? current.bytes : named.read(name)),
    async refresh() {
      try {
        return await adopt(await fetchRoot(options));
      } catch (cause) {
        if (cause instanceof PipelineError) throw cause;
        throw new PipelineError("trusted root could not be refreshed", { code: "TRUST_ROOT_INVALID", cause });
      }
    },
  };
};
