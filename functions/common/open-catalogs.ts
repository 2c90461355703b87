import type { Config } from "../../shared/config/config.ts";
import { type CatalogKeeper, keepCatalog } from "./catalogs.ts";
import { createCompiledLoader } from "./compiled-catalog.ts";
import type { PolicyPlatform } from "./open-policy.ts";

/**
 * The catalog in use, for who neither reads registries nor verifies anything else: what that takes is loaded only
 * where the policy itself comes from an artifact or from manifests. Throws for what cannot be read.
 */
export const openCatalogs = async (config: Config, platform: PolicyPlatform): Promise<CatalogKeeper> => {
  const { catalog } = config;
  if (catalog === undefined || catalog.kind === "artifact") {
    const { openPolicy } = await import("./open-policy.ts");
    return (await openPolicy(config, platform)).catalogs;
  }
  return keepCatalog(createCompiledLoader(catalog, platform), platform.log);
};
