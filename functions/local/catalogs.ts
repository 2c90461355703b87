import { readClusterSecrets } from "../../shared/adapters/node/cluster-secrets.ts";
import { hashFiles, readManifestFolder } from "../../shared/adapters/node/manifest-folder.ts";
import type { ClusterSettings } from "../../shared/config/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { type Catalog, createCatalog } from "../../shared/policy/catalog/catalog.ts";
import { compileCatalog } from "../../shared/policy/catalog/compile-catalog.ts";
import type { Finding } from "../../shared/policy/finding.ts";
import { MANIFEST_LIMITS } from "../../shared/policy/manifest/limits.ts";
import { readManifests } from "../../shared/policy/manifest/read-manifests.ts";
import type { SecretSource } from "../../shared/ports.ts";

export interface LoadedCatalog {
  readonly catalog: Catalog;
  readonly findings: readonly Finding[];
}

interface ReadCluster {
  readonly name: string;
  readonly hash: string;
  readonly files: Awaited<ReturnType<typeof readManifestFolder>>;
  readonly secrets: Awaited<ReturnType<typeof readClusterSecrets>>;
}

const readCluster = async (cluster: ClusterSettings, secrets: SecretSource): Promise<ReadCluster> => {
  const { manifests, name } = cluster;
  if (manifests.kind !== "folder") {
    const message = `cluster ${name}: manifests from ${manifests.kind} are not served yet; use manifests.folder`;
    throw new PipelineError(message, { code: "CONFIG_INVALID" });
  }
  const files = await readManifestFolder(manifests.folder, MANIFEST_LIMITS);
  return { name, files, hash: hashFiles(files), secrets: await readClusterSecrets(cluster.secrets, secrets) };
};

const compile = (clusters: readonly ReadCluster[]): LoadedCatalog => {
  const sets = clusters.map(({ name, files }) => ({ cluster: name, ...readManifests(files) }));
  const secretsOf = new Map(clusters.map(({ name, secrets }) => [name, secrets]));
  const { findings, ...content } = compileCatalog({
    clusters: sets,
    resolveSecret: (cluster, namespace, name) => secretsOf.get(cluster)?.get(`${namespace}/${name}`),
  });
  return { catalog: createCatalog(content), findings: [...sets.flatMap((set) => set.findings), ...findings] };
};

/** Reads and compiles all clusters' manifests. Throws `CATALOG_INVALID`, `CONFIG_INVALID`, `SECRET_UNAVAILABLE`. */
export const loadCatalog = async (
  clusters: readonly ClusterSettings[],
  secrets: SecretSource,
): Promise<LoadedCatalog> =>
  compile(await Promise.all(clusters.map((cluster) => readCluster(cluster, secrets))));

export interface CatalogKeeper {
  current(): Catalog;
  findings(): readonly Finding[];
  /** Reads everything again; keeps the last good catalog on any error. True when the catalog changed. */
  reload(): Promise<boolean>;
}

export const keepCatalog = async (
  clusters: readonly ClusterSettings[],
  secrets: SecretSource,
  log: Log,
): Promise<CatalogKeeper> => {
  let loaded = await loadCatalog(clusters, secrets);
  return {
    current: () => loaded.catalog,
    findings: () => loaded.findings,
    async reload() {
      try {
        const next = await loadCatalog(clusters, secrets);
        if (next.catalog.version === loaded.catalog.version) return false;
        log("catalog-loaded", { from: loaded.catalog.version, version: next.catalog.version });
        loaded = next;
        return true;
      } catch (error) {
        log("catalog-kept", { version: loaded.catalog.version, reason: (error as Error).message });
        return false;
      }
    },
  };
};
