import type { Json, JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import {
  type PushableManifest,
  toEvidenceTag,
  toPushable,
} from "../../../functions/local/playground/sigstore/oci.ts";
import type { Digest } from "../../../shared/artifact/digest.ts";
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
