import { isDigest } from "../digest.ts";
import type { Caller, RegistryContext } from "./context.ts";
import { errorReply, type RegistryRequest, type Reply, reply } from "./reply.ts";

const unknown = (): Reply => errorReply(404, "BLOB_UNKNOWN", "blob unknown to registry");

const parseRange = (header: string, size: number): { from: number; to: number } | undefined => {
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header);
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return from > to ? undefined : { from, to };
};

const read = (
  { store }: RegistryContext,
  request: RegistryRequest,
  repository: string,
  digest: string,
): Reply => {
  const bytes = store.blob(repository, digest);
  if (bytes === undefined) return unknown();
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    etag: `"${digest}"`,
  };
  const range = request.headers.range;
  if (range === undefined || request.method === "HEAD") return reply(200, headers, bytes);
  const part = parseRange(range, bytes.byteLength);
  if (part === undefined) return errorReply(416, "BLOB_UNKNOWN", "range cannot be satisfied");
  const contentRange = `bytes ${part.from}-${part.to}/${bytes.byteLength}`;
  return reply(206, { ...headers, "content-range": contentRange }, bytes.subarray(part.from, part.to + 1));
};

const remove = (
  { store, emit }: RegistryContext,
  request: RegistryRequest,
  { user }: Caller,
  repository: string,
  digest: string,
): Reply => {
  const bytes = store.blob(repository, digest);
  if (bytes === undefined) return unknown();
  store.find(repository)?.blobs.delete(digest);
  const target = { mediaType: "application/octet-stream", digest, size: bytes.byteLength };
  emit({ action: "delete", repository, kind: "blobs", target, request, actor: user });
  return reply(202);
};

export const handleBlob = (
  context: RegistryContext,
  request: RegistryRequest,
  caller: Caller,
  { repository, digest }: { repository: string; digest: string },
): Reply => {
  if (!isDigest(digest)) return errorReply(400, "DIGEST_INVALID", "not a digest");
  if (request.method === "GET" || request.method === "HEAD")
    return read(context, request, repository, digest);
  if (request.method === "DELETE") return remove(context, request, caller, repository, digest);
  return errorReply(405, "UNSUPPORTED", "method not allowed");
};
