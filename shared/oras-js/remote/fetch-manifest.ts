import { type Manifest, MEDIA_TYPE, type Repository } from "../descriptor.ts";
import { createHasher, type Digest, isDigest } from "../digest.ts";
import { OrasError } from "../errors.ts";
import { tryParseObject } from "../json.ts";
import { readBody } from "../transport/body.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type CallOptions, checkDigest, checkTag, type RemoteContext, toTarget } from "./context.ts";

const ACCEPT = [
  MEDIA_TYPE.ociManifest,
  MEDIA_TYPE.ociIndex,
  MEDIA_TYPE.dockerManifest,
  MEDIA_TYPE.dockerManifestList,
].join(", ");

export const toMediaType = (header: string | null): string =>
  (header ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

// The document's own word is covered by the digest, the header is not.
const mediaTypeOf = (bytes: Uint8Array, header: string | null): string => {
  const own = tryParseObject(bytes)?.mediaType;
  return typeof own === "string" && own !== "" ? own : toMediaType(header);
};

const fetchBytes = (
  context: RemoteContext,
  repository: Repository,
  reference: string,
  expected: Digest | undefined,
  { signal }: CallOptions,
): Promise<Manifest | undefined> => {
  const target = toTarget(context, repository, "pull");
  const exchange = {
    method: "GET",
    url: target.url(`manifests/${reference}`),
    access: target.access,
    signal,
  } as const;
  return context.transport({ ...exchange, headers: { accept: ACCEPT } }, async (response, what) => {
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw await toResponseError(what, response, context.nowMs());
    const hash = createHasher(expected ?? "sha256:");
    const bytes = await readBody(response, { what, maxBytes: context.limits.manifestBytes, hash });
    const digest: Digest = expected?.startsWith("sha512:")
      ? `sha512:${hash.digest("hex")}`
      : `sha256:${hash.digest("hex")}`;
    if (expected !== undefined && digest !== expected) {
      throw new OrasError(`${what}: the bytes hash to ${digest}`, { code: "DIGEST_MISMATCH" });
    }
    return { mediaType: mediaTypeOf(bytes, response.headers.get("content-type")), bytes, digest };
  });
};

/** The manifest whose bytes hash to `digest`, or `undefined` where the registry has none. */
export const fetchManifest = async (
  context: RemoteContext,
  repository: Repository,
  digest: Digest,
  options: CallOptions,
): Promise<Manifest | undefined> => fetchBytes(context, repository, checkDigest(digest), digest, options);

/** What a tag points at now. The digest is computed from the bytes; no header is believed. */
export const fetchManifestByTag = async (
  context: RemoteContext,
  repository: Repository,
  tag: string,
  options: CallOptions,
): Promise<Manifest | undefined> => fetchBytes(context, repository, checkTag(tag), undefined, options);

/**
 * The digest a tag points at, by `HEAD` where the registry answers it with a digest, else by fetching. A claim
 * until the manifest is fetched by that digest.
 */
export const resolveTag = async (
  context: RemoteContext,
  repository: Repository,
  tag: string,
  options: CallOptions,
): Promise<Digest | undefined> => {
  const target = toTarget(context, repository, "pull");
  const url = target.url(`manifests/${checkTag(tag)}`);
  const exchange = { method: "HEAD", url, access: target.access, signal: options.signal } as const;
  const answer = await context.transport(
    { ...exchange, headers: { accept: ACCEPT } },
    async (response, what) => {
      const { status, headers } = response;
      if (status === 404) return "absent";
      const digest = headers.get("docker-content-digest") ?? "";
      if (status === 200) return isDigest(digest) ? digest : "unknown";
      const error = await toResponseError(what, response, context.nowMs());
      // Answers that speak against the method rather than against us or the tag.
      if (error.code === "UNSUPPORTED" || error.code === "UNEXPECTED_STATUS") return "unknown";
      throw error;
    },
  );
  if (answer === "absent") return undefined;
  if (answer !== "unknown") return answer;
  return (await fetchManifestByTag(context, repository, tag, options))?.digest;
};
