import { type Manifest, MEDIA_TYPE, type Repository } from "../descriptor.ts";
import { type Digest, fallbackTagOf } from "../digest.ts";
import { OrasError } from "../errors.ts";
import { isJsonObject, parseObject } from "../json.ts";
import type { CallOptions, RemoteContext } from "./context.ts";
import { fetchManifestByTag } from "./fetch-manifest.ts";
import { type ParsedIndex, parseIndex } from "./index-json.ts";
import { putManifest } from "./put-manifest.ts";

const MAX_ROUNDS = 4;

// As the referrers API would list it: the artifact's own type, else its config's; annotations as they are.
const toEntry = ({ mediaType, bytes, digest }: Manifest) => {
  const { artifactType, config, annotations } = parseObject("manifest to push", bytes, "MANIFEST_INVALID");
  const type = artifactType ?? (isJsonObject(config) ? config.mediaType : undefined);
  return {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(typeof type === "string" ? { artifactType: type } : {}),
    ...(isJsonObject(annotations) ? { annotations } : {}),
  };
};

const readIndex = async (
  context: RemoteContext,
  repository: Repository,
  tag: string,
  options: CallOptions,
): Promise<ParsedIndex | undefined> => {
  const current = await fetchManifestByTag(context, repository, tag, options);
  if (current === undefined) return undefined;
  if (current.mediaType === MEDIA_TYPE.ociIndex)
    return parseIndex(`tag ${tag}`, current.bytes, "MANIFEST_INVALID");
  // Overwriting what someone keeps under this name would lose it.
  throw new OrasError(`tag ${tag} holds no image index`, { code: "MANIFEST_INVALID" });
};

const has = (index: ParsedIndex | undefined, digest: Digest): boolean =>
  index?.descriptors.some((each) => each.digest === digest) === true;

const writeUntilListed = async (
  context: RemoteContext,
  repository: Repository,
  tag: string,
  manifest: Manifest,
  options: CallOptions,
): Promise<void> => {
  let index = await readIndex(context, repository, tag, options);
  for (let round = 0; round < MAX_ROUNDS && !has(index, manifest.digest); round += 1) {
    const document = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociIndex,
      ...index?.document,
      manifests: [...(index?.entries ?? []), toEntry(manifest)],
    };
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    await putManifest(context, repository, tag, { mediaType: MEDIA_TYPE.ociIndex, bytes }, options);
    index = await readIndex(context, repository, tag, options);
  }
  if (has(index, manifest.digest)) return;
  throw new OrasError(`tag ${tag}: other writers keep replacing the index`, { code: "FALLBACK_CONFLICT" });
};

/**
 * Adds a manifest to the index under its subject's fallback tag. Registries offer no compare-and-set: within one
 * client writers take turns, against others the index is read again afterwards and written once more if needed.
 * A foreign writer that read before and writes after both can still drop the entry; the spec has no cure.
 */
export const addToFallback = async (
  context: RemoteContext,
  repository: Repository,
  subject: Digest,
  manifest: Manifest,
  options: CallOptions,
): Promise<void> => {
  const tag = fallbackTagOf(subject);
  const key = JSON.stringify([repository.registry, repository.repository, tag]);
  await context.oneAtATime(key, () => writeUntilListed(context, repository, tag, manifest, options));
};
