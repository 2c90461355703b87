import type { Config } from "../../../shared/config/config.ts";
import type { LoadCatalog } from "./catalogs.ts";
import { type CompiledCatalogPorts, createCompiledLoader } from "./compiled-catalog.ts";
import type { OpenArtifacts } from "./policy-artifact.ts";

/** Pushes are taken while thousands of manifests are read again. */
const createManifestsLoader = async (
  { clusters }: Config,
  artifacts: OpenArtifacts | undefined,
): Promise<LoadCatalog> => {
  if (artifacts === undefined) throw new Error("manifests need a registry");
  // Parsing and compiling manifests is most of what a start loads; who has a compiled catalog does without.
  const [{ createManifestLoader }, { createClusterReader }, { createTakeInTurns }] = await Promise.all([
    import("./manifest-catalog.ts"),
    import("./cluster-manifests.ts"),
    import("./take-in-turns.ts"),
  ]);
  const takeInTurns = createTakeInTurns();
  const ports = await artifacts();
  return createManifestLoader(clusters, createClusterReader(ports.secrets, ports, takeInTurns), takeInTurns);
};

/** The policy that a runtime serves: the compiled catalog where sluice.yaml names one, else the clusters' manifests. */
export const createCatalogLoader = async (
  config: Config,
  ports: CompiledCatalogPorts,
): Promise<LoadCatalog> =>
  config.catalog === undefined
    ? createManifestsLoader(config, ports.artifacts)
    : createCompiledLoader(config.catalog, ports);
