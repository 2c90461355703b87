import { gunzipSync } from "node:zlib";
import { isDigest } from "../../artifact/digest.ts";
import type { ArtifactName } from "../../artifact/repository.ts";
import { PipelineError } from "../../errors.ts";
import type { RegistryReader } from "../../ports.ts";
import { MANIFEST_LIMITS } from "./limits.ts";
import { isRecord } from "./manifest.ts";
import type { ManifestFile } from "./read-manifests.ts";
import { readTar, TarError } from "./tar.ts";

/** What `flux push artifact` calls its layer. */
const FLUX_CONTENT = "application/vnd.cncf.flux.content.v1.tar+gzip";
const MAX_LAYER_BYTES = 64 * 1024 * 1024;
const MANIFEST_NAME = /\.(?:ya?ml|json)$/i;

const refuse = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(message, { code: "CATALOG_INVALID", cause });

const inflate = (bytes: Uint8Array): Uint8Array => {
  try {
    return gunzipSync(bytes, { maxOutputLength: MANIFEST_LIMITS.maxTotalBytes });
  } catch (cause) {
    throw refuse("the layer is not gzip, or unpacks to too much", cause);
  }
};

/** Unpacks a layer (tar+gzip) and keeps the files that hold manifests. Nothing is written anywhere. */
export const readArtifactLayer = (layer: Uint8Array): readonly ManifestFile[] => {
  const files: ManifestFile[] = [];
  try {
    for (const { name, bytes } of readTar(inflate(layer))) {
      if (!MANIFEST_NAME.test(name)) continue;
      if (files.length >= MANIFEST_LIMITS.maxFiles) throw refuse("the layer holds too many files");
      files.push({ name: name.replace(/^\.\//, ""), bytes });
    }
  } catch (cause) {
    throw cause instanceof TarError ? refuse(`the layer is no tar archive: ${cause.message}`, cause) : cause;
  }
  return files;
};

const parseManifest = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse("the artifact's manifest is not JSON", cause);
  }
};

/** The layer that `flux push artifact` makes; else the first, which is what Flux unpacks. */
const chooseLayer = (manifest: unknown): ArtifactName["digest"] => {
  const layers: readonly unknown[] =
    isRecord(manifest) && Array.isArray(manifest.layers) ? manifest.layers : [];
  const layer = layers.find((entry) => isRecord(entry) && entry.mediaType === FLUX_CONTENT) ?? layers[0];
  const digest = isRecord(layer) ? layer.digest : undefined;
  if (typeof digest === "string" && isDigest(digest)) return digest;
  throw refuse("the artifact has no layer");
};

const fetchLayer = async (
  reader: RegistryReader,
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const manifest = await reader.fetchManifest(artifact, signal);
  if (manifest === undefined) throw refuse("the artifact is not there");
  const digest = chooseLayer(parseManifest(manifest.bytes));
  const layer = await reader.fetchBlob({ ...artifact, digest }, MAX_LAYER_BYTES, signal);
  if (layer === undefined) throw refuse("the artifact's layer is not there");
  return layer;
};

/** Fetches manifests from an artifact that was verified, by its digest, before. */
export const fetchArtifactManifests = async (
  reader: RegistryReader,
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<readonly ManifestFile[]> => readArtifactLayer(await fetchLayer(reader, artifact, signal));

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

/** The one file of an artifact: its layer as it is, or alone in the archive that `flux push artifact` makes. */
export const fetchArtifactFile = async (
  reader: RegistryReader,
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const layer = await fetchLayer(reader, artifact, signal);
  if (!isGzip(layer)) return layer;
  const [file, ...others] = readArtifactLayer(layer);
  if (file !== undefined && others.length === 0) return file.bytes;
  throw refuse(`the artifact holds ${file === undefined ? "no" : "more than one"} file`);
};
