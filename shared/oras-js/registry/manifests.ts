import { MEDIA_TYPE } from "../descriptor.ts";
import { digestOf, isDigest, sha256 } from "../digest.ts";
import { isJsonObject, type JsonObject, tryParseObject } from "../json.ts";
import type { Caller, RegistryContext } from "./context.ts";
import { errorReply, type RegistryRequest, type Reply, reply } from "./reply.ts";
import type { StoredManifest, StoredRepository } from "./store.ts";

interface ManifestRoute {
  readonly repository: string;
  readonly reference: string;
}

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const unknown = (): Reply => errorReply(404, "MANIFEST_UNKNOWN", "manifest unknown to registry");
const invalid = (message: string): Reply => errorReply(400, "MANIFEST_INVALID", message);

const objectsOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

/** Descriptors of what a manifest is made of: config and layers, or the manifests of an index. */
const childrenOf = (document: JsonObject): readonly JsonObject[] => [
  ...objectsOf([document.config]),
  ...objectsOf(document.layers),
  ...objectsOf(document.manifests),
];

const isIndexType = (mediaType: string): boolean =>
  mediaType === MEDIA_TYPE.ociIndex || mediaType === MEDIA_TYPE.dockerManifestList;

const findMissing = (
  { store }: RegistryContext,
  repository: string,
  mediaType: string,
  document: JsonObject,
): string | undefined => {
  const isIndex = isIndexType(mediaType);
  const held = (digest: string): boolean =>
    isIndex
      ? store.find(repository)?.manifests.has(digest) === true
      : store.blob(repository, digest) !== undefined;
  const missing = childrenOf(document).find(
    // Layers with `urls` live elsewhere by design.
    ({ digest, urls }) => !Array.isArray(urls) && (typeof digest !== "string" || !held(digest)),
  );
  return missing === undefined ? undefined : String(missing.digest);
};

const find = (repository: StoredRepository | undefined, reference: string): StoredManifest | undefined =>
  repository?.manifests.get(repository.tags.get(reference) ?? reference);

const read = ({ store }: RegistryContext, { repository, reference }: ManifestRoute): Reply => {
  const manifest = find(store.find(repository), reference);
  if (manifest === undefined) return unknown();
  const { digest, mediaType, bytes } = manifest;
  return reply(
    200,
    { "content-type": mediaType, "docker-content-digest": digest, etag: `"${digest}"` },
    bytes,
  );
};

const subjectOf = (document: JsonObject): string | undefined => {
  const subject = document.subject;
  const digest = isJsonObject(subject) ? subject.digest : undefined;
  return typeof digest === "string" ? digest : undefined;
};

const write = async (
  context: RegistryContext,
  request: RegistryRequest,
  caller: Caller,
  { repository, reference }: ManifestRoute,
): Promise<Reply> => {
  if (!isDigest(reference) && !TAG.test(reference))
    return errorReply(400, "TAG_INVALID", "not a tag or digest");
  const bytes = await request.body(context.limits.manifestBytes);
  if (bytes === undefined) return errorReply(413, "SIZE_INVALID", "manifest too large");
  const document = tryParseObject(bytes);
  if (document === undefined) return invalid("not a JSON object");
  const mediaType = request.headers["content-type"] ?? "";
  if (mediaType === "") return invalid("no Content-Type");
  // One document must not pass as an image here and as an index there.
  if ((document.mediaType ?? mediaType) !== mediaType) return invalid("mediaType differs from Content-Type");
  const byDigest = isDigest(reference);
  const digest = byDigest ? digestOf(bytes, reference) : sha256(bytes);
  if (byDigest && digest !== reference)
    return errorReply(400, "DIGEST_INVALID", `the bytes hash to ${digest}`);
  const missing = context.checkReferences ? findMissing(context, repository, mediaType, document) : undefined;
  if (missing !== undefined)
    return errorReply(404, "MANIFEST_BLOB_UNKNOWN", `${missing} is not in ${repository}`);

  const subject = subjectOf(document);
  const stored = context.store.open(repository);
  stored.manifests.set(digest, { mediaType, digest, bytes, document, subject });
  if (!byDigest) stored.tags.set(reference, digest);
  const tag = byDigest ? {} : { tag: reference };
  const target = { mediaType, digest, size: bytes.byteLength, ...tag, references: childrenOf(document) };
  context.emit({ action: "push", repository, kind: "manifests", target, request, actor: caller.user });
  return reply(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    "docker-content-digest": digest,
    ...(subject !== undefined && context.referrers ? { "oci-subject": subject } : {}),
  });
};

const remove = (
  { store, emit }: RegistryContext,
  request: RegistryRequest,
  { user }: Caller,
  { repository, reference }: ManifestRoute,
): Reply => {
  const stored = store.find(repository);
  const manifest = find(stored, reference);
  if (stored === undefined || manifest === undefined) return unknown();
  const { digest, mediaType, bytes } = manifest;
  if (stored.tags.has(reference)) stored.tags.delete(reference);
  else {
    stored.manifests.delete(digest);
    for (const [tag, target] of stored.tags) if (target === digest) stored.tags.delete(tag);
  }
  const tag = isDigest(reference) ? {} : { tag: reference };
  const target = { mediaType, digest, size: bytes.byteLength, ...tag };
  emit({ action: "delete", repository, kind: "manifests", target, request, actor: user });
  return reply(202);
};

export const handleManifest = (
  context: RegistryContext,
  request: RegistryRequest,
  caller: Caller,
  route: ManifestRoute,
): Reply | Promise<Reply> => {
  switch (request.method) {
    case "GET":
    case "HEAD":
      return read(context, route);
    case "PUT":
      return write(context, request, caller, route);
    case "DELETE":
      return remove(context, request, caller, route);
    default:
      return errorReply(405, "UNSUPPORTED", "method not allowed");
  }
};
