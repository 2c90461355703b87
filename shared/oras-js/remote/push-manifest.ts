import type { Repository } from "../descriptor.ts";
import { type Digest, isDigest, sha256 } from "../digest.ts";
import { OrasError } from "../errors.ts";
import { isJsonObject, parseObject } from "../json.ts";
import { type CallOptions, checkDigest, checkTag, type RemoteContext } from "./context.ts";
import { addToFallback } from "./fallback-index.ts";
import { fetchManifest } from "./fetch-manifest.ts";
import { type ManifestToPush, putManifest } from "./put-manifest.ts";

export interface PushManifestOptions extends CallOptions {
  /** Without a tag the manifest is pushed by its digest alone. */
  readonly tag?: string;
}

const subjectOf = (bytes: Uint8Array): Digest | undefined => {
  const { subject } = parseObject("manifest to push", bytes, "MANIFEST_INVALID");
  if (subject === undefined) return undefined;
  const digest = isJsonObject(subject) ? subject.digest : undefined;
  if (typeof digest === "string" && isDigest(digest)) return digest;
  throw new OrasError("manifest to push: its subject has no usable digest", { code: "MANIFEST_INVALID" });
};

/**
 * Pushes a manifest by tag, or by digest. If it has a subject and the registry keeps no referrers, its entry in
 * the fallback tag's index is made too (distribution-spec, "Pushing Manifests with Subject").
 */
export const pushManifest = async (
  context: RemoteContext,
  repository: Repository,
  manifest: ManifestToPush,
  { tag, signal }: PushManifestOptions,
): Promise<Digest> => {
  const digest = sha256(manifest.bytes);
  const subject = subjectOf(manifest.bytes);
  const reference = tag === undefined ? digest : checkTag(tag);
  const { subjectKnown } = await putManifest(context, repository, reference, manifest, { signal });
  if (subject !== undefined && !subjectKnown) {
    await addToFallback(context, repository, subject, { ...manifest, digest }, { signal });
  }
  return digest;
};

/** Points a tag at a manifest the repository holds. */
export const tagManifest = async (
  context: RemoteContext,
  repository: Repository,
  digest: Digest,
  tag: string,
  { signal }: CallOptions,
): Promise<void> => {
  const manifest = await fetchManifest(context, repository, checkDigest(digest), { signal });
  if (manifest === undefined) {
    throw new OrasError(
      `${repository.registry}/${repository.repository}@${digest} is not there to be tagged`,
      {
        code: "NOT_FOUND",
      },
    );
  }
  await putManifest(context, repository, checkTag(tag), manifest, { signal });
};
