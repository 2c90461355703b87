import { type Digest, isDigest } from "../../artifact/digest.ts";
import { MEDIA_TYPE } from "../../artifact/media-types.ts";
import { type Json, parseJson } from "../encoding/json.ts";
import { isSet, toArray, toCount, toObject, toText } from "../encoding/json-fields.ts";
import { LIMITS } from "../limits.ts";
import { refuse } from "../refusal.ts";

export interface Layer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A manifest that may hold evidence, with only what telling kinds apart takes. */
export interface EvidenceManifest {
  readonly artifactType: string | undefined;
  readonly configType: string | undefined;
  readonly layers: readonly Layer[];
}

const toAnnotations = (value: Json | undefined): Readonly<Record<string, string>> => {
  if (!isSet(value)) return {};
  const entries = Object.entries(toObject(value, "annotations"));
  return Object.fromEntries(entries.map(([name, text]) => [name, toText(text, "annotation")]));
};

const toLayer = (value: Json): Layer => {
  const layer = toObject(value, "layer");
  const digest = toText(layer.digest, "layer digest");
  return {
    mediaType: toText(layer.mediaType, "layer media type"),
    digest: isDigest(digest) ? digest : refuse("evidence-malformed", "layer digest is not sha256"),
    size: toCount(layer.size, "layer size"),
    annotations: toAnnotations(layer.annotations),
  };
};

const toOptionalText = (value: Json | undefined, name: string): string | undefined =>
  isSet(value) ? toText(value, name) : undefined;

/** Reads a manifest found as evidence. An index, or anything else without layers, holds none. Throws Refusal. */
export const parseEvidenceManifest = (bytes: Uint8Array): EvidenceManifest => {
  if (bytes.length > LIMITS.manifestBytes) return refuse("evidence-too-large", "manifest is too large");
  const manifest = toObject(parseJson(bytes), "manifest");
  const layers = isSet(manifest.layers) ? toArray(manifest.layers, "layers") : [];
  if (layers.length > LIMITS.layers)
    return refuse("evidence-too-large", `manifest has ${layers.length} layers`);
  const config = isSet(manifest.config) ? toObject(manifest.config, "config") : {};
  return {
    artifactType: toOptionalText(manifest.artifactType, "artifactType"),
    configType: toOptionalText(config.mediaType, "config media type"),
    layers: layers.map(toLayer),
  };
};

export type EvidenceKind = "bundle" | "legacy" | "attestation" | "notation" | "unknown";

/** Told by the manifest itself, never by what an index says of it: several registries list other types. */
export const kindOf = ({ artifactType, configType, layers }: EvidenceManifest): EvidenceKind => {
  if (artifactType === MEDIA_TYPE.notationSignature || configType === MEDIA_TYPE.notationSignature)
    return "notation";
  if (layers.some(({ mediaType }) => mediaType.startsWith(MEDIA_TYPE.sigstoreBundlePrefix))) return "bundle";
  if (configType === MEDIA_TYPE.cosignSignatureConfig) return "legacy";
  if (layers.some(({ mediaType }) => mediaType === MEDIA_TYPE.simpleSigning)) return "legacy";
  return layers.some(({ mediaType }) => mediaType === MEDIA_TYPE.dsseEnvelope) ? "attestation" : "unknown";
};
