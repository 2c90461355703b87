import type { Config } from "../../shared/config/config.ts";
import type { LoadCatalog } from "./catalogs.ts";
import { createClusterReader } from "./cluster-manifests.ts";
import { type CompiledCatalogPorts, createCompiledLoader } from "./compiled-catalog.ts";
import { createManifestLoader } from "./manifest-catalog.ts";

/** The policy that a runtime serves: the compiled catalog where sluice.yaml names one, else the clusters' manifests. */
export const createCatalogLoader = (config: Config, ports: CompiledCatalogPorts): LoadCatalog =>
  config.catalog === undefined
    ? createManifestLoader(config.clusters, createClusterReader(ports.secrets, ports))
    : createCompiledLoader(config.catalog, ports);
