import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { Clock, RegistryCredentials, RegistryLogin } from "../../ports.ts";
import { keepFresh, ofLife } from "../remote/kept.ts";
import type { EntraTokenSource } from "./entra-token.ts";
import { fetchSmallJson, textField } from "./small-json.ts";

/** The hosts that Flux takes for Azure's, as far as they are hosts: a token must not follow a path to anybody else. */
const HOST = /^[A-Za-z0-9.-]+\.azurecr\.(io|cn|de|us)$/;

export const isAcrHost = (host: string): boolean => HOST.test(host);

/** Says that the password is a refresh token. */
const USERNAME = "00000000-0000-0000-0000-000000000000";
/** For a refresh token that does not say how long it lives; real ones live three hours. */
const DEFAULT_LIFE_MS = 15 * 60_000;

/** National clouds know only their own resource manager; the public one has a resource for registries alone. */
const resourceOf = (host: string): string => {
  if (host.endsWith(".azurecr.cn")) return "https://management.chinacloudapi.cn";
  if (host.endsWith(".azurecr.us")) return "https://management.usgovcloudapi.net";
  return "https://containerregistry.azure.net";
};

/** When the token ends by its own word. It is the registry's, for the registry: nothing here trusts what it says. */
const expiryOf = (token: string, nowMs: number): number => {
  try {
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
    const { exp } = JSON.parse(payload) as { exp?: unknown };
    if (typeof exp === "number" && Number.isFinite(exp)) return exp * 1_000;
  } catch {
    // Not a JWT: the default life it is.
  }
  return nowMs + DEFAULT_LIFE_MS;
};

export interface AcrSettings {
  readonly tokens: EntraTokenSource;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Where a registry answers; default `https://<host>`. */
  readonly originOf?: (host: string) => string;
}

const getToken = async (
  { tokens }: AcrSettings,
  host: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<EntraTokenSource>>> => {
  try {
    return await tokens(resourceOf(host), signal);
  } catch (cause) {
    const message = `${host}: ${cause instanceof Error ? cause.message : "no Entra token"}`;
    throw new PipelineError(message, { code: "REGISTRY_UNAVAILABLE", cause });
  }
};

const exchange = async (settings: AcrSettings, host: string, signal: AbortSignal): Promise<string> => {
  const { value } = await getToken(settings, host, signal);
  const what = `${host}: exchange of the Entra token`;
  const origin = settings.originOf?.(host) ?? `https://${host}`;
  const body = new URLSearchParams({
    grant_type: "access_token",
    service: host,
    access_token: value.reveal(),
  });
  const answer = await fetchSmallJson({
    fetch: settings.fetch,
    url: `${origin}/oauth2/exchange`,
    init: { method: "POST", body, signal },
    what,
    denied: "REGISTRY_DENIED",
    unavailable: "REGISTRY_UNAVAILABLE",
  });
  return textField(answer, "refresh_token", what, "REGISTRY_UNAVAILABLE");
};

/** Logs in to Azure Container Registry with an Entra token, as Flux does; each registry has a login of its own. */
export const createAcrCredentials = (settings: AcrSettings): RegistryCredentials => {
  const { nowMs } = settings.clock;
  const logIn = keepFresh<RegistryLogin>({
    nowMs,
    async ask(host, signal) {
      const askedAtMs = nowMs();
      const refreshToken = await exchange(settings, host, signal);
      return {
        value: { username: USERNAME, password: new Secret(refreshToken) },
        keepMs: ofLife(expiryOf(refreshToken, askedAtMs) - askedAtMs),
      };
    },
    failure: (host, cause) =>
      new PipelineError(`${host}: no login in time`, { code: "REGISTRY_UNAVAILABLE", cause }),
  });
  return async (host, signal) => (isAcrHost(host) ? logIn(host, signal) : undefined);
};
