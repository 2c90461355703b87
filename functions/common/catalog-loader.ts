import type { Config } from "../../shared/config/config.ts";
import type { LoadCatalog } from "./catalogs.ts";
import { createClusterReader } from "./cluster-manifests.ts";
import { type CompiledCatalogPorts, createCompiledLoader } from "./compiled-catalog.ts";
import { createManifestLoader } from "./manifest-catalog.ts";
import { createTakeInTurns } from "./take-in-turns.ts";

/** Pushes are taken while thousands of manifests are read again. */
const createServedManifestLoader = ({ clusters }: Config, ports: CompiledCatalogPorts): LoadCatalog => {
  const takeInTurns = createTakeInTurns();
  return createManifestLoader(clusters, createClusterReader(ports.secrets, ports, takeInTurns), takeInTurns);
};

/** The policy that a runtime serves: the compiled catalog where sluice.yaml names one, else the clusters' manifests. */
export const createCatalogLoader = (config: Config, ports: CompiledCatalogPorts): LoadCatalog =>
  config.catalog === undefined
    ? createServedManifestLoader(config, ports)
    : createCompiledLoader(config.catalog, ports);
