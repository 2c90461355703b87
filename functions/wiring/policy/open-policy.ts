import type { Config } from "../../../shared/config/config.ts";
import type { Log } from "../../../shared/pipeline/deps.ts";
import type { ObjectReader, RegistryReader, TrustedRootSource } from "../../../shared/ports.ts";
import type { StateStore } from "../../../shared/state.ts";
import { openOnce } from "../open-once.ts";
import type { RegistryPlatform } from "../registry/registry.ts";
import { createCatalogLoader } from "./catalog-loader.ts";
import { type CatalogKeeper, keepCatalog } from "./catalogs.ts";
import type { Reading } from "./open-reading.ts";

export interface PolicyPlatform extends RegistryPlatform {
  /** Remembers how new the policy in use is. */
  readonly state: StateStore;
  readonly log: Log;
  /** Wraps the registry's reader, for registries that have a cheaper way to some answer. */
  readonly toReader?: (reader: RegistryReader) => RegistryReader;
  /** Reads a compiled catalog from the cloud's storage. */
  readonly objects?: ObjectReader;
  /** Wraps the roots that sluice.yaml and the catalog name, for runtimes that keep the public-good root fresh. */
  readonly toRoots?: (named: TrustedRootSource) => Promise<TrustedRootSource>;
}

/** The catalog in use, and what reads and verifies artifacts. */
export interface OpenedPolicy {
  readonly catalogs: CatalogKeeper;
  /** Opened at the first call. */
  reading(): Promise<Reading>;
  close(): Promise<void>;
}

/** Reads the policy, with what reads and verifies artifacts where it is one. Throws for what cannot be read. */
export const openPolicy = async (config: Config, platform: PolicyPlatform): Promise<OpenedPolicy> => {
  const { clock, secrets, state, log, objects } = platform;
  // The policy may come from an artifact, which is verified before there is a catalog to name roots.
  let catalogs: CatalogKeeper | undefined;
  const rootOf = (name: string): string | undefined => catalogs?.current().trustedRoots[name];
  let close = async (): Promise<void> => {};
  const reading = openOnce(async () => {
    // Verifier and registry client are most of our own code: who has a compiled catalog may start without them.
    const { openReading } = await import("./open-reading.ts");
    const opened = await openReading(config, platform, rootOf);
    close = opened.close;
    return opened;
  });
  const artifacts = async () => ({ ...(await reading()), secrets, state, clock });
  const ports = { artifacts, state, clock, ...(objects === undefined ? {} : { objects }) };
  catalogs = await keepCatalog(await createCatalogLoader(config, ports), log);
  return { catalogs, reading, close: () => close() };
};
