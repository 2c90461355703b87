import type { Repository } from "../descriptor.ts";
import { type Digest, sha256 } from "../digest.ts";
import { OrasError } from "../errors.ts";
import { isRepositoryPath } from "../name/reference.ts";
import { checkLocation } from "../transport/redirect.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type CallOptions, type RemoteContext, type Target, toTarget } from "./context.ts";

export interface PushBlobOptions extends CallOptions {
  /** A repository of the same registry that may hold the blob already, so that no bytes need to travel. */
  readonly mountFrom?: string;
}

export interface PushedBlob {
  readonly digest: Digest;
  readonly size: number;
}

const exists = (context: RemoteContext, { access, url }: Target, digest: Digest, { signal }: CallOptions) =>
  context.transport(
    { method: "HEAD", url: url(`blobs/${digest}`), access, signal },
    async (response, what) => {
      if (response.status === 404) return false;
      if (response.status !== 200) throw await toResponseError(what, response, context.nowMs());
      return true;
    },
  );

/** Opens an upload and answers where it goes, or `undefined` where the blob was mounted. */
const open = (
  context: RemoteContext,
  { access, url }: Target,
  digest: Digest,
  { mountFrom, signal }: PushBlobOptions,
): Promise<URL | undefined> => {
  const start = url("blobs/uploads/");
  if (mountFrom !== undefined) {
    if (!isRepositoryPath(mountFrom))
      throw new OrasError("mountFrom is no repository", { code: "REFERENCE_INVALID" });
    start.searchParams.set("mount", digest);
    start.searchParams.set("from", mountFrom);
  }
  return context.transport({ method: "POST", url: start, access, signal }, async (response, what) => {
    if (response.status === 201 && mountFrom !== undefined) return undefined;
    if (response.status !== 202) throw await toResponseError(what, response, context.nowMs());
    return checkLocation(response.headers.get("location"), start, access.origin);
  });
};

/** Uploads a blob in one piece, unless the repository has it or can mount it. */
export const pushBlob = async (
  context: RemoteContext,
  repository: Repository,
  bytes: Uint8Array,
  options: PushBlobOptions,
): Promise<PushedBlob> => {
  const { signal } = options;
  const digest = sha256(bytes);
  const pushed = { digest, size: bytes.byteLength };
  const target = toTarget(context, repository, "pull,push");
  if (await exists(context, target, digest, { signal })) return pushed;
  const url = await open(context, target, digest, options);
  if (url === undefined) return pushed;
  url.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  const exchange = { method: "PUT", url, access: target.access, headers, body: bytes, signal } as const;
  return context.transport(exchange, async (response, what) => {
    if (response.status !== 201) throw await toResponseError(what, response, context.nowMs());
    return pushed;
  });
};
