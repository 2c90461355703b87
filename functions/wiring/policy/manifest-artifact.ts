import { type ArtifactName, formatArtifact } from "../../../shared/artifact/repository.ts";
import { fetchArtifactManifests } from "../../../shared/policy/manifest/artifact-layer.ts";
import type { ManifestFile } from "../../../shared/policy/manifest/read-manifests.ts";
import { type ArtifactPorts, type ArtifactSettings, openPolicyArtifact } from "./policy-artifact.ts";
import { advanceStamp } from "./policy-stamp.ts";

const TIMEOUT_MS = 60_000;

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
  const { state, clock } = ports;
  if (state === undefined) return;
  const stamp = { version: artifact.digest, madeAtMs: await readCreatedMs(ports, artifact, signal) };
  const label = formatArtifact(artifact);
  await advanceStamp(stamp, { state, key: `manifests/${cluster}`, nowMs: clock.nowMs(), label });
};

/** Manifests from an artifact made by `flux push artifact`: verified by its digest first, never an older one after a newer. */
export const readManifestArtifact = async (
  ports: ArtifactPorts,
  cluster: string,
  settings: ArtifactSettings,
): Promise<readonly ManifestFile[]> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const artifact = await openPolicyArtifact(ports, settings, signal);
  const files = await fetchArtifactManifests(ports.registry, artifact, signal);
  await refuseOlder(ports, cluster, artifact, signal);
  return files;
};
