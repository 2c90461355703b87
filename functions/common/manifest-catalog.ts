import type { ClusterSettings } from "../../shared/config/config.ts";
import { createCatalog } from "../../shared/policy/catalog/catalog.ts";
import { compileCatalog } from "../../shared/policy/catalog/compile-catalog.ts";
import type { LoadCatalog, LoadedCatalog } from "./catalogs.ts";
import type { ClusterManifests, ReadCluster } from "./cluster-manifests.ts";

const compile = (clusters: readonly ClusterManifests[]): LoadedCatalog => {
  const secretsOf = new Map(clusters.map(({ name, secrets }) => [name, secrets]));
  const { findings, ...content } = compileCatalog({
    clusters: clusters.map(({ name, set }) => ({ cluster: name, manifests: set.manifests })),
    resolveSecret: (cluster, namespace, name) => secretsOf.get(cluster)?.get(`${namespace}/${name}`),
  });
  const read = clusters.flatMap(({ set }) => set.findings);
  return { catalog: createCatalog(content), findings: [...read, ...findings] };
};

const readAll = (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
): Promise<readonly ClusterManifests[]> => Promise.all(clusters.map(read));

/** Reads and compiles all clusters' manifests. Throws what `read` throws: one line that names the cluster's source. */
export const loadManifestCatalog = async (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
): Promise<LoadedCatalog> => compile(await readAll(clusters, read));

/** As `loadManifestCatalog`, over and over; compiles only when something was read that differs. */
export const createManifestLoader = (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
): LoadCatalog => {
  let manifests: readonly ClusterManifests[] = [];
  return async () => {
    const before = manifests;
    manifests = await readAll(clusters, read);
    const isSame = before.length > 0 && manifests.every((one, index) => one === before[index]);
    return isSame ? "unchanged" : compile(manifests);
  };
};
