import { readFileSync } from "node:fs";
import { type Credentials, createClient } from "oras-js";
import { createLazyGuardedFetch } from "../../../shared/adapters/node/lazy-guarded-fetch.ts";
import { createOrasRegistryReader } from "../../../shared/adapters/node/oras-registry.ts";
import type {
  CloudName,
  Config,
  CredentialSettings,
  RegistrySettings,
} from "../../../shared/config/config.ts";
import type {
  CallerIdentity,
  Clock,
  RegistryCredentials,
  RegistryLogin,
  RegistryReader,
  SecretSource,
} from "../../../shared/ports.ts";
import { openOnce } from "../open-once.ts";
import { createOwnIdentity } from "../receivers/identity.ts";
import { PRIVATE_NETWORKS } from "../receivers/private-networks.ts";
import { readDockerLogin } from "./docker-login.ts";
import type { createFederatedLogins } from "./federation.ts";
import { createCountedFetch, type RequestCount } from "./sweep-budget.ts";

export interface OpenedRegistry {
  readonly reader: RegistryReader;
  /** The same, each request counted. */
  within(requests: RequestCount): RegistryReader;
  close(): Promise<void>;
}

interface Logins {
  readonly ambient: AmbientLogins | undefined;
  readonly federated: () => Promise<ReturnType<typeof createFederatedLogins>>;
}

const LOGIN_TIMEOUT_MS = 15_000;

/** A login for each cloud's registries. */
export type AmbientLogins = Readonly<Record<CloudName, RegistryCredentials>>;

/** Who logs in, and as whom, besides what sluice.yaml holds. */
export interface RegistryPlatform {
  readonly clock: Clock;
  readonly secrets: SecretSource;
  /** Logins that the platform vouches for, asked in this order. */
  readonly registryCredentials?: readonly RegistryCredentials[];
  /** Who we are to registries elsewhere, and to `generic-oidc` receivers. */
  readonly callerIdentity?: CallerIdentity;
  /** Logins as who the machine is in a cloud, for hosts whose `credentials` ask for it. Absent: by the platform. */
  readonly ambient?: (fetch: typeof globalThis.fetch) => AmbientLogins;
}

const toCredentials = (login: RegistryLogin): Credentials =>
  "bearer" in login
    ? { bearer: login.bearer.reveal() }
    : { username: login.username, password: login.password.reveal() };

/** The first that knows this kind of host. */
const logInByPlatform = async (
  providers: readonly RegistryCredentials[],
  host: string,
): Promise<RegistryLogin | undefined> => {
  for (const provider of providers) {
    const login = await provider(host, AbortSignal.timeout(LOGIN_TIMEOUT_MS));
    if (login !== undefined) return login;
  }
  return undefined;
};

const readCredentials = async (
  settings: CredentialSettings,
  host: string,
  repository: string,
  { secrets, registryCredentials = [] }: RegistryPlatform,
  { ambient, federated }: Logins,
): Promise<Credentials | undefined> => {
  if (settings.kind === "basic") {
    return { username: settings.username, password: (await secrets.read(settings.password)).reveal() };
  }
  if (settings.kind === "docker-config") {
    return readDockerLogin(settings.path, host, repository);
  }
  if (settings.kind === "ambient") {
    const { cloud } = settings;
    const providers = ambient === undefined ? registryCredentials : [ambient[cloud]];
    const login = await logInByPlatform(providers, host);
    const { requireLogin } = await import("./federation.ts");
    return toCredentials(requireLogin(login, cloud, host));
  }
  const logIn = await federated();
  return toCredentials(await logIn(settings, host, AbortSignal.timeout(LOGIN_TIMEOUT_MS)));
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
  return { fetch, outside: open.fetch, close: () => Promise.all([open.close(), inside.close()]) };
};

/**
 * Reads the registries of sluice.yaml, and others as the platform can log in to them (`registryCredentials`), or anonymously.
 * What sluice.yaml says about a host comes first; where that is a login by federation, it is for who sluice.yaml, else
 * the platform, says that we are.
 */
export const createRegistry = (config: Config, platform: RegistryPlatform): OpenedRegistry => {
  const { clock, secrets, registryCredentials = [] } = platform;
  const { registries, limits } = config;
  const { fetch, outside, close } = createFetches(config);
  const identity = createOwnIdentity(config, secrets, clock)?.token ?? platform.callerIdentity;
  const logins: Logins = {
    ambient: platform.ambient?.(fetch),
    // Other clouds' logins are loaded only by who has such registries.
    federated: openOnce(async () => {
      const { createFederatedLogins } = await import("./federation.ts");
      return createFederatedLogins({ fetch: outside, clock, identity });
    }),
  };
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
          if (settings !== undefined) {
            return readCredentials(settings, host, repository, platform, logins);
          }
          const login = await logInByPlatform(registryCredentials, host);
          return login === undefined ? undefined : toCredentials(login);
        },
      }),
    );
  return {
    reader: open(fetch),
    within: (requests) => open(createCountedFetch(fetch, requests, clock)),
    close: async () => {
      await close();
    },
  };
};
