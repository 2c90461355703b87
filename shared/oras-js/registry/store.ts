import { type Digest, digestOf } from "../digest.ts";
import type { JsonObject } from "../json.ts";

export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly document: JsonObject;
  readonly subject: string | undefined;
}

export interface StoredRepository {
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, Digest>;
  readonly blobs: Set<string>;
}

/** Everything one registry holds. Blob bytes are kept once; repositories link to them. */
export interface Store {
  readonly repositories: Map<string, StoredRepository>;
  find(name: string): StoredRepository | undefined;
  open(name: string): StoredRepository;
  /** The blob's bytes if the repository links to it. */
  blob(name: string, digest: string): Uint8Array | undefined;
  /** False when the store is full. */
  putBlob(name: string, digest: Digest, bytes: Uint8Array): boolean;
  /** Links a blob that another repository holds. */
  mountBlob(name: string, from: string, digest: string): boolean;
}

export const createStore = (maxBytes: number): Store => {
  const repositories = new Map<string, StoredRepository>();
  const blobs = new Map<string, Uint8Array>();
  let heldBytes = 0;

  const open = (name: string): StoredRepository => {
    const existing = repositories.get(name);
    if (existing !== undefined) return existing;
    const created = { manifests: new Map(), tags: new Map(), blobs: new Set<string>() };
    repositories.set(name, created);
    return created;
  };

  return {
    repositories,
    find: (name) => repositories.get(name),
    open,
    blob: (name, digest) =>
      repositories.get(name)?.blobs.has(digest) === true ? blobs.get(digest) : undefined,
    putBlob: (name, digest, bytes) => {
      if (!blobs.has(digest)) {
        if (heldBytes + bytes.byteLength > maxBytes) return false;
        heldBytes += bytes.byteLength;
        blobs.set(digest, bytes);
      }
      open(name).blobs.add(digest);
      return true;
    },
    mountBlob: (name, from, digest) => {
      if (repositories.get(from)?.blobs.has(digest) !== true) return false;
      open(name).blobs.add(digest);
      return true;
    },
  };
};

export const hashesTo = (bytes: Uint8Array, digest: Digest): boolean => digestOf(bytes, digest) === digest;
