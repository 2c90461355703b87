import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { ArtifactName, RepositoryName } from "../../artifact/repository.ts";
import { PipelineError } from "../../errors.ts";
import type { FetchedManifest, RegistryReader } from "../../ports.ts";
import { LIMITS } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { type EvidenceManifest, type Layer, parseEvidenceManifest } from "./evidence-manifest.ts";

const inflate = promisify(gunzip);

/** Reads evidence of one artifact, counting what it costs. Throws Refusal for bad evidence, PipelineError for a registry that leaves the question open. */
export interface EvidenceReader {
  manifest(artifact: ArtifactName): Promise<EvidenceManifest>;
  blob(name: RepositoryName, layer: Layer, maxBytes: number): Promise<Buffer>;
}

/** What a registry can say about evidence that is the evidence's own fault, and so decides. */
const FAULTS_OF_EVIDENCE: ReadonlyMap<string, "evidence-too-large" | "evidence-malformed"> = new Map([
  ["REGISTRY_TOO_LARGE", "evidence-too-large"],
  ["MANIFEST_INVALID", "evidence-malformed"],
  ["REFERENCE_INVALID", "evidence-malformed"],
]);

export const readOrRefuse = async <T>(read: Promise<T>): Promise<T> => {
  try {
    return await read;
  } catch (error) {
    const reason = error instanceof PipelineError ? FAULTS_OF_EVIDENCE.get(error.code) : undefined;
    if (reason === undefined) throw error;
    return refuse(reason, error instanceof Error ? error.message : reason);
  }
};

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** Layers may be stored compressed; the cap is on what comes out, not on what goes in. */
const inflateIfCompressed = async (bytes: Buffer, maxBytes: number): Promise<Buffer> => {
  if (bytes[0] !== GZIP_MAGIC[0] || bytes[1] !== GZIP_MAGIC[1]) return bytes;
  try {
    return await inflate(bytes, { maxOutputLength: maxBytes });
  } catch {
    return refuse("evidence-too-large", "compressed layer is damaged or inflates too far");
  }
};

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const createEvidenceReader = (registry: RegistryReader, signal: AbortSignal): EvidenceReader => {
  let budget: number = LIMITS.totalBytes;
  // Signatures of one artifact often share their payload. Sizes are of what is stored, bytes of what came out of it.
  const blobs = new Map<string, { readonly size: number; readonly bytes: Buffer }>();
  const spend = (bytes: number): void => {
    budget -= bytes;
    if (budget < 0) refuse("evidence-too-large", "evidence of one artifact exceeds what is read");
  };
  return {
    async manifest(artifact) {
      const fetched: FetchedManifest | undefined = await readOrRefuse(
        registry.fetchManifest(artifact, signal),
      );
      if (fetched === undefined) return refuse("evidence-missing", "listed manifest is not there");
      spend(fetched.bytes.length);
      return parseEvidenceManifest(fetched.bytes);
    },
    async blob(name, { digest, size }, maxBytes) {
      if (size > maxBytes) return refuse("evidence-too-large", `layer of ${size} bytes`);
      const known = blobs.get(digest);
      if (known?.size === size && known.bytes.length <= maxBytes) return known.bytes;
      spend(size);
      const bytes = await readOrRefuse(registry.fetchBlob({ ...name, digest }, maxBytes, signal));
      if (bytes === undefined) return refuse("evidence-missing", "layer is not there");
      if (bytes.length !== size)
        return refuse("evidence-malformed", "layer is not of the size that was announced");
      const content = await inflateIfCompressed(toBuffer(bytes), maxBytes);
      // A few kilobytes inflate to megabytes, each of which is then read.
      spend(Math.max(0, content.length - size));
      blobs.set(digest, { size, bytes: content });
      return content;
    },
  };
};
