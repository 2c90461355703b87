import { readClusterSecrets } from "../../shared/adapters/node/cluster-secrets.ts";
import { createKubernetesApi } from "../../shared/adapters/node/kubernetes-api.ts";
import {
  listKubernetesManifests,
  readKubernetesSecrets,
} from "../../shared/adapters/node/kubernetes-manifests.ts";
import { readManifestFolder } from "../../shared/adapters/node/manifest-folder.ts";
import type { ClusterSettings, ManifestSettings } from "../../shared/config/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import { listNamedSecrets } from "../../shared/policy/catalog/named-secrets.ts";
import { SERVED_RESOURCES } from "../../shared/policy/manifest/kinds.ts";
import { MANIFEST_LIMITS } from "../../shared/policy/manifest/limits.ts";
import { type ManifestFile, readManifests } from "../../shared/policy/manifest/read-manifests.ts";
import type { SecretSource } from "../../shared/ports.ts";
import { type ArtifactPorts, readManifestArtifact } from "./manifest-artifact.ts";

type SecretData = Readonly<Record<string, Uint8Array>>;

/** One cluster's manifests, and the Secrets that they name, by `<namespace>/<name>`. */
export interface ClusterManifests {
  readonly name: string;
  readonly set: ReturnType<typeof readManifests>;
  readonly secrets: ReadonlyMap<string, SecretData>;
}

export type ReadCluster = (cluster: ClusterSettings) => Promise<ClusterManifests>;

const API_TIMEOUT_MS = 120_000;

type ApiSettings = Extract<ManifestSettings, { kind: "kubeconfig" | "in-cluster" }>;

const readFromApi = async (settings: ApiSettings, name: string): Promise<ClusterManifests> => {
  const api = createKubernetesApi(settings);
  const signal = AbortSignal.timeout(API_TIMEOUT_MS);
  const set = readManifests(await listKubernetesManifests(api, SERVED_RESOURCES, signal));
  const secrets = await readKubernetesSecrets(api, listNamedSecrets(set.manifests), signal);
  return { name, set, secrets };
};

/** Reads a cluster's manifests from where sluice.yaml says they are. `artifacts` absent: those are refused. */
export const createClusterReader =
  (source: SecretSource, artifacts?: ArtifactPorts): ReadCluster =>
  async (cluster) => {
    const { name, manifests } = cluster;
    if (manifests.kind === "kubeconfig" || manifests.kind === "in-cluster") {
      const read = await readFromApi(manifests, name);
      // What sluice.yaml names itself comes before what lies in the cluster.
      const own = await readClusterSecrets(cluster.secrets, source);
      return { ...read, secrets: new Map([...read.secrets, ...own]) };
    }
    const secrets = await readClusterSecrets(cluster.secrets, source);
    const toRead = (files: readonly ManifestFile[]): ClusterManifests => ({
      name,
      set: readManifests(files),
      secrets,
    });
    if (manifests.kind === "folder")
      return toRead(await readManifestFolder(manifests.folder, MANIFEST_LIMITS));
    if (artifacts === undefined) {
      throw new PipelineError(`cluster ${name}: manifests from an artifact need a registry`, {
        code: "CONFIG_INVALID",
      });
    }
    return toRead(await readManifestArtifact(artifacts, name, manifests));
  };
