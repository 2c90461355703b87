import type { PushableManifest } from "../../functions/local/playground/sigstore/oci.ts";
import type { Digest } from "../../shared/artifact/digest.ts";
import { formatRepository, type RepositoryName } from "../../shared/artifact/repository.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { Descriptor, FetchedManifest, RegistryReader } from "../../shared/ports.ts";

/** A registry without HTTP, for many verifications in a short time. It keeps the port's promises. */
export interface MemoryRegistry extends RegistryReader {
  push(name: RepositoryName, manifest: PushableManifest): void;
}

interface Repository {
  readonly manifests: Map<string, PushableManifest>;
  readonly blobs: Map<Digest, Uint8Array>;
}

const toDescriptor = (manifest: PushableManifest): Descriptor => ({
  mediaType: manifest.mediaType,
  digest: manifest.digest,
  size: manifest.bytes.length,
  ...(manifest.artifactType === undefined ? {} : { artifactType: manifest.artifactType }),
  ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
});

const toFetched = (manifest: PushableManifest | undefined): FetchedManifest | undefined =>
  manifest && { mediaType: manifest.mediaType, bytes: manifest.bytes, digest: manifest.digest };

export const createMemoryRegistry = (): MemoryRegistry => {
  const repositories = new Map<string, Repository>();
  const find = (name: RepositoryName): Repository => {
    const key = formatRepository(name);
    const known = repositories.get(key) ?? { manifests: new Map(), blobs: new Map() };
    repositories.set(key, known);
    return known;
  };
  return {
    push: (name, manifest) => {
      const { manifests, blobs } = find(name);
      manifests.set(manifest.digest, manifest);
      if (manifest.tag !== undefined) manifests.set(manifest.tag, manifest);
      for (const { digest, bytes } of manifest.blobs) blobs.set(digest, bytes);
    },
    resolveTag: async (name, tag) => find(name).manifests.get(tag)?.digest,
    listTags: async function* (name) {
      for (const key of find(name).manifests.keys()) if (!key.includes(":")) yield key;
    },
    fetchManifest: async (artifact) => toFetched(find(artifact).manifests.get(artifact.digest)),
    fetchManifestByTag: async (name, tag) => toFetched(find(name).manifests.get(tag)),
    fetchBlob: async (artifact, maxBytes) => {
      const bytes = find(artifact).blobs.get(artifact.digest);
      if (bytes !== undefined && bytes.length > maxBytes) {
        throw new PipelineError(`blob has more than ${maxBytes} bytes`, { code: "REGISTRY_TOO_LARGE" });
      }
      return bytes;
    },
    listReferrers: async (artifact) => {
      const listed = new Set(
        [...find(artifact).manifests.values()].filter(({ subject }) => subject === artifact.digest),
      );
      return [...listed].map(toDescriptor);
    },
  };
};
