import type { RepositoryName } from "../../../shared/artifact/repository.ts";
import type { Config } from "../../../shared/config/config.ts";
import type { RegistryReader, Verifier } from "../../../shared/ports.ts";
import { createVerifier } from "../../../shared/signature/verifier.ts";
import { createRegistry, type OpenedRegistry } from "../registry/registry.ts";
import { createSweepBudget, createSweepRegistry } from "../registry/sweep-budget.ts";
import type { PolicyPlatform } from "./open-policy.ts";
import { createTrustedRoots } from "./trusted-roots.ts";

/** What reads and verifies artifacts. */
export interface Reading {
  readonly registry: OpenedRegistry["reader"];
  readonly openForSweep: (name: RepositoryName) => Promise<RegistryReader>;
  readonly verifier: Verifier;
  close(): Promise<void>;
}

/** Opens registries and verifier; `rootOf` gives the trusted roots of the catalog in use. */
export const openReading = async (
  config: Config,
  platform: PolicyPlatform,
  rootOf: (name: string) => string | undefined,
): Promise<Reading> => {
  const { clock, state } = platform;
  const { toRoots = async (named) => named, toReader = (reader) => reader } = platform;
  const opened = createRegistry(config, platform);
  const registry = toReader(opened.reader);
  const budget = createSweepBudget(config.sweep, {
    documents: state,
    clock,
    random: { fraction: Math.random },
  });
  const trustedRoots = await toRoots(createTrustedRoots(config.trustedRoots, rootOf));
  return {
    registry,
    openForSweep: createSweepRegistry(budget, (requests) => toReader(opened.within(requests))),
    verifier: createVerifier({ registry, trustedRoots, nowMs: clock.nowMs }),
    close: () => opened.close(),
  };
};
