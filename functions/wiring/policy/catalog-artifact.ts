import { fetchArtifactFile } from "../../../shared/policy/manifest/artifact-layer.ts";
import { type ArtifactPorts, type ArtifactSettings, openPolicyArtifact } from "./policy-artifact.ts";

/** A compiled catalog from an artifact, which is verified first, by its digest. Throws `CATALOG_INVALID`. */
export const readCatalogArtifact = async (
  ports: ArtifactPorts,
  settings: ArtifactSettings,
  signal: AbortSignal,
): Promise<Uint8Array> =>
  fetchArtifactFile(ports.registry, await openPolicyArtifact(ports, settings, signal), signal);
