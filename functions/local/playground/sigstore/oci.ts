import type { Digest } from "../../../../shared/artifact/digest.ts";
import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import { type Json, type JsonObject, toJsonBytes } from "./json.ts";
import { hexHash } from "./keys.ts";

export interface Blob {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** One manifest with its blobs, ready to push: by `tag` where it has one, by digest otherwise. */
export interface PushableManifest extends Blob {
  readonly tag?: string;
  readonly subject?: Digest;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly blobs: readonly Blob[];
}

export const digestOf = (bytes: Uint8Array): Digest => `sha256:${hexHash(bytes)}`;

export const toBlob = (bytes: Uint8Array, mediaType: string): Blob => ({
  digest: digestOf(bytes),
  mediaType,
  bytes,
});

export const toDescriptor = (blob: Blob, more: JsonObject = {}): JsonObject => ({
  mediaType: blob.mediaType,
  size: blob.bytes.length,
  digest: blob.digest,
  ...more,
});

export interface SubjectDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

const EMPTY_CONFIG = toBlob(Buffer.from("{}", "utf8"), MEDIA_TYPE.ociEmpty);

export const toManifestBytes = (manifest: Json): Uint8Array => toJsonBytes(manifest);

/** The OCI 1.1 referrer that carries a bundle. */
export const toBundleManifest = (request: {
  readonly bundle: Blob;
  readonly subject: SubjectDescriptor;
  readonly predicateType: string;
  readonly createdMs: number;
}): JsonObject => ({
  schemaVersion: 2,
  mediaType: MEDIA_TYPE.ociManifest,
  artifactType: MEDIA_TYPE.sigstoreBundle,
  config: toDescriptor(EMPTY_CONFIG, { artifactType: MEDIA_TYPE.sigstoreBundle }),
  layers: [toDescriptor(request.bundle)],
  subject: { ...request.subject },
  annotations: {
    "dev.sigstore.bundle.content": "dsse-envelope",
    "dev.sigstore.bundle.predicateType": request.predicateType,
    "org.opencontainers.image.created": new Date(request.createdMs).toISOString().replace(/\.\d+Z$/, "Z"),
  },
});

/** Where cosign's older format keeps what belongs to a signature. */
export const ANNOTATION = {
  signature: "dev.cosignproject.cosign/signature",
  certificate: "dev.sigstore.cosign/certificate",
  chain: "dev.sigstore.cosign/chain",
  bundle: "dev.sigstore.cosign/bundle",
  timestamp: "dev.sigstore.cosign/rfc3161timestamp",
} as const;

/** One layer of a legacy manifest: payload and the annotations that sign it. */
export interface LegacyLayer {
  readonly payload: Blob;
  readonly annotations: Readonly<Record<string, string>>;
}

const toLegacyConfig = (layers: readonly LegacyLayer[], mediaType: string): Blob =>
  toBlob(
    toJsonBytes({
      architecture: "",
      created: "0001-01-01T00:00:00Z",
      history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
      os: "",
      rootfs: { type: "layers", diff_ids: layers.map(({ payload }) => payload.digest) },
      config: {},
    }),
    mediaType,
  );

export interface LegacyManifest {
  readonly manifest: JsonObject;
  readonly config: Blob;
}

/** `sha256-<hex>.sig` or `.att`: one layer per signature. With `subject`, cosign's `oci-1-1` mode. */
export const toLegacyManifest = (
  layers: readonly LegacyLayer[],
  subject?: SubjectDescriptor,
): LegacyManifest => {
  const configType =
    subject === undefined ? "application/vnd.oci.image.config.v1+json" : MEDIA_TYPE.cosignSignatureConfig;
  const config = toLegacyConfig(layers, configType);
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: toDescriptor(config),
    layers: layers.map(({ payload, annotations }) => toDescriptor(payload, { annotations })),
    ...(subject === undefined ? {} : { subject: { ...subject } }),
  };
  return { manifest, config };
};

export const toEvidenceTag = (digest: Digest, suffix: "sig" | "att" | "sbom"): string =>
  `${digest.replace(":", "-")}.${suffix}`;

/** Puts a manifest (as tests may have changed it) and its blobs together. */
export const toPushable = (
  manifest: Json,
  blobs: readonly Blob[],
  more: { readonly tag?: string; readonly subject?: Digest } = {},
): PushableManifest => {
  const head = isObject(manifest) ? manifest : {};
  const artifactType = text(head.artifactType) ?? configType(head);
  const annotations = stringMap(head.annotations);
  return {
    ...toBlob(toManifestBytes(manifest), text(head.mediaType) ?? MEDIA_TYPE.ociManifest),
    ...more,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
    blobs,
  };
};

export const EMPTY_CONFIG_BLOB = EMPTY_CONFIG;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: Json | undefined): string | undefined => (typeof value === "string" ? value : undefined);

/** A registry lists the config's type where a manifest names no artifact type of its own. */
const configType = ({ config }: JsonObject): string | undefined =>
  isObject(config) ? text(config.mediaType) : undefined;

const stringMap = (value: Json | undefined): Readonly<Record<string, string>> | undefined =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([key, member]) => (typeof member === "string" ? [[key, member]] : [])),
      )
    : undefined;
