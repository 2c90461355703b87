import type { RepositoryName } from "../../shared/artifact/repository.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import type { ObjectReader, RegistryReader, TrustedRootSource, Verifier } from "../../shared/ports.ts";
import { createVerifier } from "../../shared/signature/verifier.ts";
import type { StateStore } from "../../shared/state.ts";
import { createCatalogLoader } from "./catalog-loader.ts";
import { type CatalogKeeper, keepCatalog } from "./catalogs.ts";
import { createRegistry, type OpenedRegistry, type RegistryPlatform } from "./registry.ts";
import { createSweepBudget, createSweepRegistry } from "./sweep-budget.ts";
import { createTrustedRoots } from "./trusted-roots.ts";

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
  readonly registry: OpenedRegistry["reader"];
  readonly openForSweep: (name: RepositoryName) => Promise<RegistryReader>;
  readonly verifier: Verifier;
  close(): Promise<void>;
}

/** Opens registries and verifier and reads the policy with them. Throws for what cannot be read. */
export const openPolicy = async (config: Config, platform: PolicyPlatform): Promise<OpenedPolicy> => {
  const { clock, secrets, state, log, objects } = platform;
  const { toRoots = async (named) => named, toReader = (reader) => reader } = platform;
  const opened = createRegistry(config, platform);
  const registry = toReader(opened.reader);
  const budget = createSweepBudget(config.sweep, {
    documents: state,
    clock,
    random: { fraction: Math.random },
  });
  const openForSweep = createSweepRegistry(budget, (requests) => toReader(opened.within(requests)));
  // The policy may come from an artifact, which is verified before there is a catalog to name roots.
  let catalogs: CatalogKeeper | undefined;
  const rootOf = (name: string): string | undefined => catalogs?.current().trustedRoots[name];
  const trustedRoots = await toRoots(createTrustedRoots(config.trustedRoots, rootOf));
  const verifier = createVerifier({ registry, trustedRoots, nowMs: clock.nowMs });
  const artifacts = { registry, verifier, secrets, state, clock };
  const ports = { artifacts, state, clock, ...(objects === undefined ? {} : { objects }) };
  catalogs = await keepCatalog(await createCatalogLoader(config, ports), log);
  return { catalogs, registry, openForSweep, verifier, close: () => opened.close() };
};
