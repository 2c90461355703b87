import { parseReference } from "oras-js";
import { type ArtifactName, formatArtifact, toRepositoryName } from "../../shared/artifact/repository.ts";
import type { ManifestSettings, TrustSettings } from "../../shared/config/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import { fetchArtifactManifests } from "../../shared/policy/manifest/artifact-layer.ts";
import type { ManifestFile } from "../../shared/policy/manifest/read-manifests.ts";
import type { RegistryReader, SecretSource, Verifier } from "../../shared/ports.ts";
import type { StateStore } from "../../shared/state.ts";
import { toVerifyRule } from "./rules.ts";

const TIMEOUT_MS = 60_000;

export type ArtifactSettings = Extract<ManifestSettings, { kind: "artifact" }>;

export interface ArtifactPorts {
  readonly registry: RegistryReader;
  readonly verifier: Verifier;
  readonly secrets: SecretSource;
  /** Remembers how new the policy in use is, over restarts; absent for commands that only look. */
  readonly state?: StateStore;
}

const refuse = (message: string): PipelineError => new PipelineError(message, { code: "CATALOG_INVALID" });

/** What a `manifests.artifact` reference names now. */
const resolveArtifact = async (
  reference: string,
  registry: RegistryReader,
  signal: AbortSignal,
): Promise<ArtifactName> => {
  const parsed = parseReference(reference);
  const name = toRepositoryName(parsed.registry, parsed.repository);
  const digest = parsed.kind === "tag" ? await registry.resolveTag(name, parsed.tag, signal) : parsed.digest;
  if (digest === undefined || !digest.startsWith("sha256:"))
    throw refuse(`${reference}: the registry has no such artifact`);
  return { ...name, digest: digest as ArtifactName["digest"] };
};

const verifyArtifact = async (
  { verifier, secrets }: ArtifactPorts,
  artifact: ArtifactName,
  trust: TrustSettings,
  signal: AbortSignal,
): Promise<void> => {
  if (trust.unverified) return;
  const rule = await toVerifyRule(trust, secrets);
  const { strict } = await verifier.verify(artifact, rule, signal);
  if (!strict.verified) throw refuse(`${formatArtifact(artifact)}: not verified (${strict.reason})`);
};

const readCreatedMs = async (
  ports: ArtifactPorts,
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<number> => {
  const manifest = await ports.registry.fetchManifest(artifact, signal);
  const parsed: unknown = JSON.parse(new TextDecoder().decode(manifest?.bytes));
  const annotations =
    typeof parsed === "object" && parsed !== null && "annotations" in parsed ? parsed.annotations : {};
  const created: unknown = Reflect.get(Object(annotations), "org.opencontainers.image.created");
  return typeof created === "string" ? Date.parse(created) || 0 : 0;
};

/**
 * A tag moved back to older, properly signed manifests would bring back yesterday's rules: what `flux push
 * artifact` wrote as its time of creation may only grow.
 */
const refuseOlder = async (
  ports: ArtifactPorts,
  cluster: string,
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<void> => {
  if (ports.state === undefined) return;
  const key = `manifests/${cluster}`;
  const createdMs = await readCreatedMs(ports, artifact, signal);
  const stored = await ports.state.loadDocument(key);
  const knownMs = Number(Reflect.get(Object(stored?.value), "createdMs") ?? 0);
  if (createdMs < knownMs) throw refuse(`${formatArtifact(artifact)}: older than the manifests in use`);
  if (createdMs > knownMs) {
    await ports.state.saveDocument(key, stored?.version ?? 0, { createdMs, digest: artifact.digest });
  }
};

/** Manifests from an artifact made by `flux push artifact`: verified by its digest first, never an older one after a newer. */
export const readManifestArtifact = async (
  ports: ArtifactPorts,
  cluster: string,
  { reference, trust }: ArtifactSettings,
): Promise<readonly ManifestFile[]> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const artifact = await resolveArtifact(reference, ports.registry, signal);
  await verifyArtifact(ports, artifact, trust, signal);
  const files = await fetchArtifactManifests(ports.registry, artifact, signal);
  await refuseOlder(ports, cluster, artifact, signal);
  return files;
};
