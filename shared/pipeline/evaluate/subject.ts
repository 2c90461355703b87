import { type Digest, isDigest } from "../../artifact/digest.ts";
import type { ArtifactName } from "../../artifact/repository.ts";
import type { RegistryReader } from "../../ports.ts";

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** The artifact a referrer speaks about, by its manifest's `subject` (OCI 1.1); undefined for anything else. */
export const readSubject = async (
  registry: RegistryReader,
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<Digest | undefined> => {
  const manifest = await registry.fetchManifest(artifact, signal);
  if (manifest === undefined || manifest.bytes.length > MAX_MANIFEST_BYTES) return undefined;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(manifest.bytes));
    if (typeof parsed !== "object" || parsed === null || !("subject" in parsed)) return undefined;
    const { subject } = parsed;
    if (typeof subject !== "object" || subject === null || !("digest" in subject)) return undefined;
    return typeof subject.digest === "string" && isDigest(subject.digest) ? subject.digest : undefined;
  } catch {
    // Whoever may push can push anything: not JSON means not a referrer.
    return undefined;
  }
};
