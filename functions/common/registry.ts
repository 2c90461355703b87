import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Credentials, createClient, parseDockerConfig } from "oras-js";
import { createLazyGuardedFetch } from "../../shared/adapters/node/lazy-guarded-fetch.ts";
import { createOrasRegistryReader } from "../../shared/adapters/node/oras-registry.ts";
import type { Config, CredentialSettings, RegistrySettings } from "../../shared/config/config.ts";
import type { Allowance } from "../../shared/pipeline/allowance.ts";
import type { Clock, Random, RegistryCredentials, RegistryReader, SecretSource } from "../../shared/ports.ts";
import { PRIVATE_NETWORKS } from "./private-networks.ts";
import { createBudgetedFetch } from "./sweep-budget.ts";

export interface OpenedRegistry {
  readonly reader: RegistryReader;
  /** The same, each request taken from a budget. */
  within(budget: Allowance, random: Random): RegistryReader;
  close(): Promise<void>;
}

const readCredentials = async (
  settings: CredentialSettings,
  host: string,
  repository: string,
  secrets: SecretSource,
): Promise<Credentials | undefined> => {
  if (settings.kind === "basic") {
    return { username: settings.username, password: (await secrets.read(settings.password)).reveal() };
  }
  const config = parseDockerConfig(await readFile(settings.path, "utf8"));
  return config.credentials(host, repository);
};

const PLATFORM_LOGIN_TIMEOUT_MS = 15_000;

/** The first that knows this kind of host. */
const logInByPlatform = async (
  providers: readonly RegistryCredentials[],
  host: string,
): Promise<Credentials | undefined> => {
  for (const provider of providers) {
    const login = await provider(host, AbortSignal.timeout(PLATFORM_LOGIN_TIMEOUT_MS));
    if (login === undefined) continue;
    return "bearer" in login
      ? { bearer: login.bearer.reveal() }
      : { username: login.username, password: login.password.reveal() };
  }
  return undefined;
};

/** Only what sluice.yaml says may be on a private address is looked for there; redirects elsewhere are not. */
const createFetches = ({ registries, network }: Config) => {
  const byHost = new Map([...registries].map(([host, settings]) => [host, settings]));
  const settingsOf = (url: URL): RegistrySettings | undefined => byHost.get(url.host);
  const tls = (origin: string) => {
    const ca = settingsOf(new URL(origin))?.ca;
    return ca === undefined ? undefined : { ca: readFileSync(ca, "utf8") };
  };
  const open = createLazyGuardedFetch({ allow: network.allowPrivate, tls });
  const inside = createLazyGuardedFetch({ allow: [...network.allowPrivate, ...PRIVATE_NETWORKS], tls });
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const chosen = settingsOf(url)?.allowPrivateAddresses === true ? inside : open;
    return chosen.fetch(input, init);
  };
  return { fetch, close: () => Promise.all([open.close(), inside.close()]) };
};

/**
 * Reads the registries of sluice.yaml, and others as the platform can log in to them (`byPlatform`), or anonymously.
 * What sluice.yaml says about a host comes first.
 */
export const createRegistry = (
  config: Config,
  secrets: SecretSource,
  clock: Clock,
  byPlatform: readonly RegistryCredentials[] = [],
): OpenedRegistry => {
  const { registries, limits } = config;
  const { fetch, close } = createFetches(config);
  const open = (used: typeof globalThis.fetch): RegistryReader =>
    createOrasRegistryReader(
      createClient({
        fetch: used,
        timeoutMs: limits.registryTimeoutMs,
        nowMs: clock.nowMs,
        userAgent: "sluice",
        plainHttp: (host) => registries.get(host)?.plainHttp ?? false,
        credentials: async (host, repository) => {
          const settings = registries.get(host)?.credentials;
          return settings === undefined
            ? logInByPlatform(byPlatform, host)
            : readCredentials(settings, host, repository, secrets);
        },
      }),
    );
  return {
    reader: open(fetch),
    within: (budget, random) => open(createBudgetedFetch(fetch, budget, clock, random)),
    close: async () => {
      await close();
    },
  };
};
