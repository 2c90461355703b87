import { createHash } from "node:crypto";
import { readClusterSecrets } from "../../../shared/adapters/node/cluster-secrets.ts";
import {
  listKubernetesManifests,
  readKubernetesSecrets,
} from "../../../shared/adapters/node/kubernetes-manifests.ts";
import { hashFiles, readManifestFolder } from "../../../shared/adapters/node/manifest-folder.ts";
import type { ClusterSettings, ManifestSettings } from "../../../shared/config/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { listNamedSecrets } from "../../../shared/policy/catalog/named-secrets.ts";
import { SERVED_RESOURCES } from "../../../shared/policy/manifest/kinds.ts";
import { createKnownDocuments } from "../../../shared/policy/manifest/known-documents.ts";
import { MANIFEST_LIMITS } from "../../../shared/policy/manifest/limits.ts";
import type { ManifestSet } from "../../../shared/policy/manifest/manifest.ts";
import { type ManifestFile, readManifestsInSteps } from "../../../shared/policy/manifest/read-manifests.ts";
import { type TakeSteps, takeAtOnce } from "../../../shared/policy/steps.ts";
import type { SecretSource } from "../../../shared/ports.ts";
import { readManifestArtifact } from "./manifest-artifact.ts";
import type { ArtifactPorts } from "./policy-artifact.ts";

type SecretData = Readonly<Record<string, Uint8Array>>;

/** One cluster's manifests, and the Secrets that they name, by `<namespace>/<name>`. */
export interface ClusterManifests {
  readonly name: string;
  readonly set: ManifestSet;
  readonly secrets: ReadonlyMap<string, SecretData>;
}

export type ReadCluster = (cluster: ClusterSettings) => Promise<ClusterManifests>;

const API_TIMEOUT_MS = 120_000;

type ReadFiles = (files: readonly ManifestFile[]) => Promise<ManifestSet>;

type ApiSettings = Extract<ManifestSettings, { kind: "kubeconfig" | "in-cluster" }>;

const readFromApi = async (
  settings: ApiSettings,
  name: string,
  read: ReadFiles,
): Promise<ClusterManifests> => {
  // Kubernetes' client is large: only who reads a cluster pays for loading it.
  const { createKubernetesApi } = await import("../../../shared/adapters/node/kubernetes-api.ts");
  const api = createKubernetesApi(settings);
  const signal = AbortSignal.timeout(API_TIMEOUT_MS);
  const set = await read(await listKubernetesManifests(api, SERVED_RESOURCES, signal));
  const secrets = await readKubernetesSecrets(api, listNamedSecrets(set.manifests), signal);
  return { name, set, secrets };
};

const hashSecrets = (secrets: ClusterManifests["secrets"]): string => {
  const hash = createHash("sha256");
  for (const [name, data] of secrets) {
    for (const [key, bytes] of Object.entries(data))
      hash.update(`${name}\0${key}\0${bytes.byteLength}\0`).update(bytes);
  }
  return hash.digest("hex");
};

const readFiles = async (
  cluster: ClusterSettings,
  artifacts: ArtifactPorts | undefined,
): Promise<readonly ManifestFile[]> => {
  const { name, manifests } = cluster;
  if (manifests.kind === "folder") return readManifestFolder(manifests.folder, MANIFEST_LIMITS);
  if (manifests.kind === "artifact" && artifacts !== undefined) {
    return readManifestArtifact(artifacts, name, manifests);
  }
  const reason = manifests.kind === "catalog" ? "names no manifests" : "needs a registry for its manifests";
  throw new PipelineError(`cluster ${name} ${reason}`, { code: "CONFIG_INVALID" });
};

/**
 * Reads a cluster's manifests from where sluice.yaml says they are. `artifacts` absent: those are refused. The
 * same object as before when no byte changed: parsing thousands of manifests takes seconds, which `takeSteps` spreads.
 */
export const createClusterReader = (
  source: SecretSource,
  artifacts?: ArtifactPorts,
  takeSteps: TakeSteps = takeAtOnce,
): ReadCluster => {
  const parse = createKnownDocuments();
  const readSet: ReadFiles = (files) => takeSteps(readManifestsInSteps(files, MANIFEST_LIMITS, parse));
  const known = new Map<string, { readonly hash: string; readonly read: ClusterManifests }>();
  return async (cluster) => {
    const { name, manifests } = cluster;
    const secrets = await readClusterSecrets(cluster.secrets, source);
    if (manifests.kind === "kubeconfig" || manifests.kind === "in-cluster") {
      const read = await readFromApi(manifests, name, readSet);
      // What sluice.yaml names itself comes before what lies in the cluster.
      return { ...read, secrets: new Map([...read.secrets, ...secrets]) };
    }
    const files = await readFiles(cluster, artifacts);
    const hash = `${hashFiles(files)} ${hashSecrets(secrets)}`;
    const before = known.get(name);
    if (before?.hash === hash) return before.read;
    const read = { name, set: await readSet(files), secrets };
    known.set(name, { hash, read });
    return read;
  };
};
