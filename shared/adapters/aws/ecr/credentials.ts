import { Secret } from "../../../artifact/secret.ts";
import { PipelineError } from "../../../errors.ts";
import type { Clock, RegistryCredentials, RegistryLogin } from "../../../ports.ts";
import type { EcrClients } from "./clients.ts";
import { toRegistryError } from "./failure.ts";
import { type EcrHost, parseEcrHost } from "./host.ts";

const USED_OF_LIFE = 0.8;
/** Where an answer names no end; ECR's own tokens live for twelve hours. */
const DEFAULT_LIFE_MS = 3_600_000;

interface Token {
  readonly text: string;
  readonly expiresAtMs: number;
}

/** How long ECR Public is read anonymously before a login is tried again. */
const ANONYMOUS_MS = 300_000;

interface Cached {
  /** Absent: nobody logs in. */
  readonly login?: RegistryLogin;
  readonly untilMs: number;
}

const requireToken = (
  host: string,
  data:
    | { readonly authorizationToken?: string | undefined; readonly expiresAt?: Date | undefined }
    | undefined,
  nowMs: number,
): Token => {
  if (!data?.authorizationToken) {
    throw new PipelineError(`${host}: ECR answered without a token`, { code: "REGISTRY_UNAVAILABLE" });
  }
  const expiresAtMs = data.expiresAt?.getTime() ?? nowMs + DEFAULT_LIFE_MS;
  return { text: data.authorizationToken, expiresAtMs };
};

/** `base64(AWS:password)`, as Basic would carry it. */
const toBasic = (host: string, token: string): RegistryLogin => {
  const text = Buffer.from(token, "base64").toString();
  const at = text.indexOf(":");
  if (at < 1) throw new PipelineError(`${host}: ECR's token is no login`, { code: "REGISTRY_UNAVAILABLE" });
  return { username: text.slice(0, at), password: new Secret(text.slice(at + 1)) };
};

const askPrivate = async (clients: EcrClients, region: string, signal: AbortSignal) => {
  const { GetAuthorizationTokenCommand } = await import("@aws-sdk/client-ecr");
  const client = await clients.ecr(region);
  const answer = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
  return answer.authorizationData?.[0];
};

const askPublic = async (clients: EcrClients, signal: AbortSignal) => {
  const { GetAuthorizationTokenCommand } = await import("@aws-sdk/client-ecr-public");
  const client = await clients.ecrPublic();
  const answer = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
  return answer.authorizationData;
};

/**
 * Logs in to ECR and ECR Public by IAM, for as long as 80 % of a token's life. One token of a region serves every
 * account that the caller may read. ECR Public is read anonymously by who has no identity there, unless
 * `anonymousPublic` says that one is expected.
 */
export const createEcrCredentials = (
  clients: EcrClients,
  clock: Clock,
  { anonymousPublic = true }: { readonly anonymousPublic?: boolean } = {},
): RegistryCredentials => {
  const cache = new Map<string, Cached>();

  const logIn = async (host: string, ecr: EcrHost, signal: AbortSignal): Promise<Cached> => {
    const nowMs = clock.nowMs();
    const isPublic = ecr.kind === "public";
    const data = isPublic ? await askPublic(clients, signal) : await askPrivate(clients, ecr.region, signal);
    const { text, expiresAtMs } = requireToken(host, data, nowMs);
    return {
      login: isPublic ? { bearer: new Secret(text) } : toBasic(host, text),
      untilMs: nowMs + (expiresAtMs - nowMs) * USED_OF_LIFE,
    };
  };

  return async (host, signal) => {
    const ecr = parseEcrHost(host);
    if (ecr === undefined) return undefined;
    const key = ecr.kind === "public" ? "public" : ecr.region;
    const known = cache.get(key);
    if (known !== undefined && clock.nowMs() < known.untilMs) return known.login;
    try {
      const fresh = await logIn(host, ecr, signal);
      cache.set(key, fresh);
      return fresh.login;
    } catch (cause) {
      if (ecr.kind === "private" || !anonymousPublic)
        throw toRegistryError(host, "GetAuthorizationToken", cause);
      cache.set(key, { untilMs: clock.nowMs() + ANONYMOUS_MS });
      return undefined;
    }
  };
};
