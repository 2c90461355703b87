import type { Digest } from "./digest.ts";

export interface Repository {
  /** Host with optional port, in lower case; Docker Hub is `index.docker.io`. */
  readonly registry: string;
  readonly repository: string;
}

/** An OCI content descriptor, reduced to what a client may act on. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly mediaType: string;
  /** Exactly the bytes the registry sent; they hash to `digest`. */
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

export const MEDIA_TYPE = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociEmpty: "application/vnd.oci.empty.v1+json",
} as const;
