import type { Access } from "../authn/authorizer.ts";
import type { Actions } from "../authn/scope.ts";
import type { Repository } from "../descriptor.ts";
import { type Digest, isDigest } from "../digest.ts";
import { OrasError, quote } from "../errors.ts";
import { isRepositoryPath, isTag } from "../name/reference.ts";
import { parseRegistryHost } from "../name/registry-host.ts";
import type { Transport } from "../transport/transport.ts";
import type { OneAtATime } from "./one-at-a-time.ts";

export interface Limits {
  /** Largest manifest, index or page of referrers. The distribution-spec asks registries for 4 MiB. */
  readonly manifestBytes: number;
  /** Largest blob where the caller names no cap of its own. */
  readonly blobBytes: number;
  readonly tokenBytes: number;
  readonly tagPageBytes: number;
  readonly tagPages: number;
  readonly tags: number;
  readonly referrerPages: number;
  readonly referrers: number;
  readonly redirects: number;
}

export interface RemoteContext {
  readonly transport: Transport;
  readonly limits: Limits;
  readonly plainHttp: (registry: string) => boolean;
  readonly nowMs: () => number;
  /** For read-change-write on one tag, which registries offer no way to do atomically. */
  readonly oneAtATime: OneAtATime;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** One repository, checked and ready to be asked. */
export interface Target {
  readonly access: Access;
  url(path: string): URL;
}

const refuse = (kind: string, text: string): OrasError =>
  new OrasError(`${quote(text)} is not a ${kind}`, { code: "REFERENCE_INVALID" });

/** Checks the names once more: they become part of a URL, and callers may have them from anywhere. */
export const toTarget = (
  { plainHttp }: RemoteContext,
  { registry, repository }: Repository,
  actions: Actions,
): Target => {
  const host = parseRegistryHost(registry);
  if (!isRepositoryPath(repository)) throw refuse("repository", repository);
  const origin = new URL(`${plainHttp(host) ? "http" : "https"}://${host}`);
  return {
    access: { origin, registry: host, repository, actions },
    url: (path) => new URL(`/v2/${repository}/${path}`, origin),
  };
};

export const checkTag = (tag: string): string => {
  if (!isTag(tag)) throw refuse("tag", tag);
  return tag;
};

export const checkDigest = (digest: string): Digest => {
  if (!isDigest(digest)) throw refuse("digest", digest);
  return digest;
};
