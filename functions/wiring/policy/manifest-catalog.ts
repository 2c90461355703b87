import type { ClusterSettings } from "../../../shared/config/config.ts";
import { createCatalogInSteps } from "../../../shared/policy/catalog/catalog.ts";
import { type CatalogInputs, compileCatalogInSteps } from "../../../shared/policy/catalog/compile-catalog.ts";
import { type TakeSteps, takeAtOnce } from "../../../shared/policy/steps.ts";
import type { LoadCatalog, LoadedCatalog } from "./catalogs.ts";
import type { ClusterManifests, ReadCluster } from "./cluster-manifests.ts";

const compile = async (
  clusters: readonly ClusterManifests[],
  takeSteps: TakeSteps,
): Promise<LoadedCatalog> => {
  const secretsOf = new Map(clusters.map(({ name, secrets }) => [name, secrets]));
  const inputs: CatalogInputs = {
    clusters: clusters.map(({ name, set }) => ({ cluster: name, manifests: set.manifests })),
    resolveSecret: (cluster, namespace, name) => secretsOf.get(cluster)?.get(`${namespace}/${name}`),
  };
  const { findings, ...content } = await takeSteps(compileCatalogInSteps(inputs));
  const read = clusters.flatMap(({ set }) => set.findings);
  return { catalog: await takeSteps(createCatalogInSteps(content)), findings: [...read, ...findings] };
};

const readAll = (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
): Promise<readonly ClusterManifests[]> => Promise.all(clusters.map(read));

/** Reads and compiles all clusters' manifests. Throws what `read` throws: one line that names the cluster's source. */
export const loadManifestCatalog = async (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
): Promise<LoadedCatalog> => compile(await readAll(clusters, read), takeAtOnce);

/** As `loadManifestCatalog`, over and over; compiles only when something was read that differs. */
export const createManifestLoader = (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
  takeSteps: TakeSteps,
): LoadCatalog => {
  let manifests: readonly ClusterManifests[] = [];
  return async () => {
    const before = manifests;
    manifests = await readAll(clusters, read);
    const isSame = before.length > 0 && manifests.every((one, index) => one === before[index]);
    return isSame ? "unchanged" : compile(manifests, takeSteps);
  };
};
