import type { ClusterSettings } from "../../shared/config/config.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { type Catalog, createCatalog } from "../../shared/policy/catalog/catalog.ts";
import { compileCatalog } from "../../shared/policy/catalog/compile-catalog.ts";
import type { Finding } from "../../shared/policy/finding.ts";
import type { ClusterManifests, ReadCluster } from "./cluster-manifests.ts";

export interface LoadedCatalog {
  readonly catalog: Catalog;
  readonly findings: readonly Finding[];
}

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
export const loadCatalog = async (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
): Promise<LoadedCatalog> => compile(await readAll(clusters, read));

export interface CatalogKeeper {
  current(): Catalog;
  findings(): readonly Finding[];
  /** Reads everything again; keeps the last good catalog on any error. True when the catalog changed. */
  reload(): Promise<boolean>;
}

export const keepCatalog = async (
  clusters: readonly ClusterSettings[],
  read: ReadCluster,
  log: Log,
): Promise<CatalogKeeper> => {
  let manifests = await readAll(clusters, read);
  let loaded = compile(manifests);
  return {
    current: () => loaded.catalog,
    findings: () => loaded.findings,
    async reload() {
      try {
        const fresh = await readAll(clusters, read);
        if (fresh.every((one, index) => one === manifests[index])) return false;
        manifests = fresh;
        const next = compile(fresh);
        if (next.catalog.version === loaded.catalog.version) return false;
        log("catalog-loaded", { from: loaded.catalog.version, version: next.catalog.version });
        loaded = next;
        return true;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log("catalog-kept", { version: loaded.catalog.version, reason });
        return false;
      }
    },
  };
};
