import type { Log } from "../../../shared/pipeline/deps.ts";
import type { Catalog } from "../../../shared/policy/catalog/catalog.ts";
import type { Finding } from "../../../shared/policy/finding.ts";

export interface LoadedCatalog {
  readonly catalog: Catalog;
  readonly findings: readonly Finding[];
}

/** Reads the policy from where it is; `unchanged` when that is what the last call gave. Throws what keeps it from being used. */
export type LoadCatalog = () => Promise<LoadedCatalog | "unchanged">;

export interface CatalogKeeper {
  current(): Catalog;
  findings(): readonly Finding[];
  /** Reads everything again; keeps the last good catalog on any error. True when the catalog changed. */
  reload(): Promise<boolean>;
}

/** The catalog in use. Throws what the first `load` throws: then there is none. */
export const keepCatalog = async (load: LoadCatalog, log: Log): Promise<CatalogKeeper> => {
  const first = await load();
  if (first === "unchanged") throw new Error("a first load has nothing to be unchanged from");
  let loaded = first;
  return {
    current: () => loaded.catalog,
    findings: () => loaded.findings,
    async reload() {
      try {
        const next = await load();
        if (next === "unchanged" || next.catalog.version === loaded.catalog.version) return false;
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
