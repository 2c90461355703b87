import { createHash } from "node:crypto";
import type { Client, Repository } from "oras-js";
import type { Digest } from "../../../shared/artifact/digest.ts";
import { MEDIA_TYPE } from "../../../shared/artifact/media-types.ts";
import { githubIdentity } from "./sigstore/identity.ts";
import type { LocalSigstore } from "./sigstore/local-sigstore.ts";
import type { EvidenceFormat } from "./sigstore/sign-request.ts";

/** A manifest as it was pushed. */
export interface PushedArtifact {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

const digestOf = (bytes: Uint8Array): Digest => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Pushes a small OCI artifact by digest; no tag names it yet. `content` makes its digest its own. */
export const pushArtifact = async (
  client: Client,
  repository: Repository,
  content: string,
): Promise<PushedArtifact> => {
  const config = new TextEncoder().encode("{}");
  const layer = new TextEncoder().encode(content);
  for (const blob of [config, layer]) await client.pushBlob(repository, blob);
  const mediaType = MEDIA_TYPE.ociManifest;
  const bytes = encode({
    schemaVersion: 2,
    mediaType,
    artifactType: "application/vnd.cncf.flux.config.v1+json",
    config: { mediaType: MEDIA_TYPE.ociEmpty, digest: digestOf(config), size: config.length },
    layers: [
      {
        mediaType: "application/vnd.cncf.flux.content.v1.tar+gzip",
        digest: digestOf(layer),
        size: layer.length,
      },
    ],
  });
  await client.pushManifest(repository, { mediaType, bytes });
  return { repository, digest: digestOf(bytes), mediaType, bytes };
};

/** Signs an artifact as `repository`'s release workflow would, and pushes the signature as cosign does. */
export const signArtifact = async (
  client: Client,
  sigstore: LocalSigstore,
  artifact: PushedArtifact,
  signer: { readonly repository: string; readonly ref: string },
  format: EvidenceFormat = "bundle-rekor2",
): Promise<void> => {
  const { repository, digest, mediaType, bytes } = artifact;
  const identity = githubIdentity(signer);
  const { manifest } = sigstore.sign({
    ...repository,
    digest,
    mediaType,
    size: bytes.length,
    format,
    identity,
  });
  for (const blob of manifest.blobs) await client.pushBlob(repository, blob.bytes);
  const { tag } = manifest;
  await client.pushManifest(
    repository,
    { mediaType: manifest.mediaType, bytes: manifest.bytes },
    tag === undefined ? {} : { tag },
  );
};
