import type { Json, JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import {
  type PushableManifest,
  toDescriptor,
  toEvidenceTag,
  toPushable,
} from "../../../functions/local/playground/sigstore/oci.ts";
import type { Digest } from "../../../shared/artifact/digest.ts";
import { MEDIA_TYPE } from "../../../shared/artifact/media-types.ts";
import { set } from "./edit.ts";

export const readManifest = (manifest: PushableManifest): JsonObject =>
  JSON.parse(Buffer.from(manifest.bytes).toString("utf8")) as JsonObject;

/** The same blobs under a changed manifest. */
export const rewrite = (
  manifest: PushableManifest,
  change: (json: JsonObject) => Json,
  more: { readonly tag?: string; readonly subject?: Digest } = {},
): PushableManifest =>
  toPushable(change(readManifest(manifest)), manifest.blobs, {
    ...(manifest.tag === undefined ? {} : { tag: manifest.tag }),
    ...(manifest.subject === undefined ? {} : { subject: manifest.subject }),
    ...more,
  });

/** Presents evidence as if it spoke about `digest`: what anybody who may push can do. */
export const retarget = (manifest: PushableManifest, digest: Digest): PushableManifest => {
  if (manifest.tag === undefined) {
    return rewrite(manifest, (json) => set(json, ["subject", "digest"], digest), { subject: digest });
  }
  const suffix = manifest.tag.endsWith(".att") ? "att" : "sig";
  return { ...manifest, tag: toEvidenceTag(digest, suffix) };
};

/** The index under tag `sha256-<hex>` that stands in for the referrers API (distribution-spec). */
export const toFallbackIndex = (digest: Digest, referrers: readonly PushableManifest[]): PushableManifest => {
  const manifests = referrers.map((referrer) =>
    toDescriptor(
      referrer,
      referrer.artifactType === undefined ? {} : { artifactType: referrer.artifactType },
    ),
  );
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests };
  return toPushable(index, [], { tag: digest.replace(":", "-") });
};
