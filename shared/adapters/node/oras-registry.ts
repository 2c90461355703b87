import {
  type Client,
  type Manifest,
  type Descriptor as OrasDescriptor,
  OrasError,
  type OrasErrorCode,
} from "oras-js";
import { type Digest, isDigest } from "../../artifact/digest.ts";
import { type ErrorCode, PipelineError } from "../../errors.ts";
import type { Descriptor, FetchedManifest, RegistryReader } from "../../ports.ts";

const CODE = {
  REFERENCE_INVALID: "REFERENCE_INVALID",
  CONFIG_INVALID: "CONFIG_INVALID",
  CREDENTIALS_FAILED: "SECRET_UNAVAILABLE",
  NETWORK: "REGISTRY_UNAVAILABLE",
  TIMEOUT: "REGISTRY_UNAVAILABLE",
  ABORTED: "REGISTRY_UNAVAILABLE",
  UNAUTHORIZED: "REGISTRY_DENIED",
  DENIED: "REGISTRY_DENIED",
  REALM_REFUSED: "REGISTRY_DENIED",
  NOT_FOUND: "REGISTRY_UNAVAILABLE",
  RATE_LIMITED: "REGISTRY_UNAVAILABLE",
  UNAVAILABLE: "REGISTRY_UNAVAILABLE",
  UNSUPPORTED: "REGISTRY_UNAVAILABLE",
  UNEXPECTED_STATUS: "REGISTRY_UNAVAILABLE",
  RESPONSE_MALFORMED: "REGISTRY_UNAVAILABLE",
  REDIRECT_REFUSED: "REGISTRY_UNAVAILABLE",
  PAGING_REFUSED: "REGISTRY_UNAVAILABLE",
  FALLBACK_CONFLICT: "REGISTRY_UNAVAILABLE",
  // What someone with push rights caused, as opposed to what the registry did.
  MANIFEST_INVALID: "MANIFEST_INVALID",
  TOO_LARGE: "REGISTRY_TOO_LARGE",
  DIGEST_MISMATCH: "REGISTRY_DIGEST_MISMATCH",
} as const satisfies Record<OrasErrorCode, ErrorCode>;

const toPipelineError = (error: unknown): unknown => {
  if (!(error instanceof OrasError)) return error;
  // Thrown by the injected `fetch` itself, for instance for an address that may not be reached: it says more.
  if (error.cause instanceof PipelineError) return error.cause;
  const wait = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
  return new PipelineError(error.message, { code: CODE[error.code], cause: error, ...wait });
};

const translated = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw toPipelineError(error);
  }
};

async function* translatedEach<T>(work: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* work;
  } catch (error) {
    throw toPipelineError(error);
  }
}

// Elsewhere only sha256 is a digest; whatever is named otherwise cannot be evidence or be selected.
const toManifest = (manifest: Manifest | undefined): FetchedManifest | undefined =>
  manifest !== undefined && isDigest(manifest.digest) ? { ...manifest, digest: manifest.digest } : undefined;

const toDescriptors = (descriptors: readonly OrasDescriptor[]): readonly Descriptor[] =>
  descriptors.flatMap((each) => (isDigest(each.digest) ? [{ ...each, digest: each.digest }] : []));

/** Reads registries through an oras-js client; each of its errors becomes the pipeline's own. */
export const createOrasRegistryReader = (client: Client): RegistryReader => ({
  resolveTag: async (name, tag, signal): Promise<Digest | undefined> => {
    const digest = await translated(client.resolveTag(name, tag, { signal }));
    if (digest === undefined || isDigest(digest)) return digest;
    return toManifest(await translated(client.fetchManifestByTag(name, tag, { signal })))?.digest;
  },
  listTags: (name, signal) => translatedEach(client.listTags(name, { signal })),
  fetchManifest: async (artifact, signal) =>
    toManifest(await translated(client.fetchManifest(artifact, artifact.digest, { signal }))),
  fetchManifestByTag: async (name, tag, signal) =>
    toManifest(await translated(client.fetchManifestByTag(name, tag, { signal }))),
  fetchBlob: (artifact, maxBytes, signal) =>
    translated(client.fetchBlob(artifact, artifact.digest, { maxBytes, signal })),
  listReferrers: async (artifact, signal) =>
    toDescriptors(await translated(client.listReferrers(artifact, artifact.digest, { signal }))),
});
