import { createAuthorizer } from "../authn/authorizer.ts";
import type { CredentialsSource } from "../authn/credentials.ts";
import type { AllowRealm } from "../authn/realm-policy.ts";
import { createTokenRequest } from "../authn/token-request.ts";
import type { Descriptor, Manifest, Repository } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { isLoopbackRegistry } from "../name/registry-host.ts";
import { createTransport } from "../transport/transport.ts";
import type { CallOptions, Limits, RemoteContext } from "./context.ts";
import { deleteManifest, deleteTag } from "./delete-manifest.ts";
import { type FetchBlobOptions, fetchBlob } from "./fetch-blob.ts";
import { fetchManifest, fetchManifestByTag, resolveTag } from "./fetch-manifest.ts";
import { type ListTagsOptions, listTags } from "./list-tags.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { type PushBlobOptions, type PushedBlob, pushBlob } from "./push-blob.ts";
import { type PushManifestOptions, pushManifest, tagManifest } from "./push-manifest.ts";
import type { ManifestToPush } from "./put-manifest.ts";
import { listReferrers, type ReferrersOptions } from "./referrers.ts";

export interface ClientOptions {
  /** Who must not reach private addresses passes one that checks them when it connects. */
  readonly fetch?: typeof globalThis.fetch;
  readonly credentials?: CredentialsSource;
  /** Which registries are spoken to without TLS. Default: those on this machine. */
  readonly plainHttp?: (registry: string) => boolean;
  /** Allows token end points beyond the registry's own domain. */
  readonly allowRealm?: AllowRealm;
  /** For each exchange, redirects and body included. */
  readonly timeoutMs?: number;
  readonly limits?: Partial<Limits>;
  readonly userAgent?: string;
  readonly nowMs?: () => number;
}

/** Reads and writes OCI registries. `undefined` always means that the registry said "no such thing". */
export interface Client {
  resolveTag(repository: Repository, tag: string, options?: CallOptions): Promise<Digest | undefined>;
  fetchManifest(repository: Repository, digest: Digest, options?: CallOptions): Promise<Manifest | undefined>;
  fetchManifestByTag(
    repository: Repository,
    tag: string,
    options?: CallOptions,
  ): Promise<Manifest | undefined>;
  fetchBlob(
    repository: Repository,
    digest: Digest,
    options?: FetchBlobOptions,
  ): Promise<Uint8Array | undefined>;
  listReferrers(
    repository: Repository,
    digest: Digest,
    options?: ReferrersOptions,
  ): Promise<readonly Descriptor[]>;
  listTags(repository: Repository, options?: ListTagsOptions): AsyncGenerator<string, void, undefined>;
  pushBlob(repository: Repository, bytes: Uint8Array, options?: PushBlobOptions): Promise<PushedBlob>;
  pushManifest(
    repository: Repository,
    manifest: ManifestToPush,
    options?: PushManifestOptions,
  ): Promise<Digest>;
  tagManifest(repository: Repository, digest: Digest, tag: string, options?: CallOptions): Promise<void>;
  deleteManifest(repository: Repository, digest: Digest, options?: CallOptions): Promise<boolean>;
  deleteTag(repository: Repository, tag: string, options?: CallOptions): Promise<boolean>;
}

const MIB = 1_048_576;

export const DEFAULT_LIMITS: Limits = {
  manifestBytes: 4 * MIB,
  blobBytes: 32 * MIB,
  tokenBytes: 65_536,
  tagPageBytes: 4 * MIB,
  tagPages: 2_000,
  tags: 1_000_000,
  referrerPages: 50,
  referrers: 2_000,
  redirects: 5,
};
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_USER_AGENT = "oras-js/0.1";

const toContext = ({
  fetch = globalThis.fetch,
  credentials = () => undefined,
  plainHttp = isLoopbackRegistry,
  allowRealm,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  limits,
  userAgent = DEFAULT_USER_AGENT,
  nowMs = Date.now,
}: ClientOptions): RemoteContext => {
  const allLimits = { ...DEFAULT_LIMITS, ...limits };
  const requestToken = createTokenRequest({
    fetch,
    nowMs,
    timeoutMs,
    maxBytes: allLimits.tokenBytes,
    userAgent,
  });
  const authorizer = createAuthorizer({ credentials, requestToken, nowMs, allowRealm });
  const transport = createTransport({
    fetch,
    authorizer,
    timeoutMs,
    maxRedirects: allLimits.redirects,
    userAgent,
  });
  return { transport, limits: allLimits, plainHttp, nowMs, oneAtATime: createOneAtATime() };
};

/** One client may serve any number of registries; it keeps their tokens and no connection of its own. */
export const createClient = (options: ClientOptions = {}): Client => {
  const context = toContext(options);
  return {
    resolveTag: (repository, tag, call = {}) => resolveTag(context, repository, tag, call),
    fetchManifest: (repository, digest, call = {}) => fetchManifest(context, repository, digest, call),
    fetchManifestByTag: (repository, tag, call = {}) => fetchManifestByTag(context, repository, tag, call),
    fetchBlob: (repository, digest, call = {}) => fetchBlob(context, repository, digest, call),
    listReferrers: (repository, digest, call = {}) => listReferrers(context, repository, digest, call),
    listTags: (repository, call = {}) => listTags(context, repository, call),
    pushBlob: (repository, bytes, call = {}) => pushBlob(context, repository, bytes, call),
    pushManifest: (repository, manifest, call = {}) => pushManifest(context, repository, manifest, call),
    tagManifest: (repository, digest, tag, call = {}) => tagManifest(context, repository, digest, tag, call),
    deleteManifest: (repository, digest, call = {}) => deleteManifest(context, repository, digest, call),
    deleteTag: (repository, tag, call = {}) => deleteTag(context, repository, tag, call),
  };
};
