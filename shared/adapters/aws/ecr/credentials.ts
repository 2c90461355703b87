import { Secret } from "../../../artifact/secret.ts";
import { PipelineError } from "../../../errors.ts";
import type { Clock, RegistryCredentials, RegistryLogin } from "../../../ports.ts";
import { type Fresh, keepFresh, ofLife } from "../../remote/kept.ts";
import type { EcrClients } from "./clients.ts";
import { toRegistryError } from "./failure.ts";
import { type EcrHost, parseEcrHost } from "./host.ts";

/** Where an answer names no end; ECR's own tokens live for twelve hours. */
const DEFAULT_LIFE_MS = 3_600_000;

interface Token {
  readonly text: string;
  readonly expiresAtMs: number;
}

/** How long ECR Public is read anonymously before a login is tried again. */
const ANONYMOUS_MS = 300_000;

interface Registry {
  readonly host: string;
  readonly ecr: EcrHost;
}

const toFailure = ({ host }: Registry, cause: unknown): PipelineError =>
  toRegistryError(host, "GetAuthorizationToken", cause);

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
  if (at < 1 || at === text.length - 1)
    throw new PipelineError(`${host}: ECR's token is no login`, { code: "REGISTRY_UNAVAILABLE" });
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

const logIn = async (
  clients: EcrClients,
  nowMs: number,
  { host, ecr }: Registry,
  signal: AbortSignal,
): Promise<Fresh<RegistryLogin>> => {
  const isPublic = ecr.kind === "public";
  const data = isPublic ? await askPublic(clients, signal) : await askPrivate(clients, ecr.region, signal);
  const { text, expiresAtMs } = requireToken(host, data, nowMs);
  return {
    value: isPublic ? { bearer: new Secret(text) } : toBasic(host, text),
    keepMs: ofLife(expiresAtMs - nowMs),
  };
};

/**
 * Logs in to ECR and ECR Public by IAM. One token of a region serves every account that the caller may read. ECR Public
 * is read anonymously by who has no identity there, unless `anonymousPublic` says that one is expected.
 */
export const createEcrCredentials = (
  clients: EcrClients,
  { nowMs }: Clock,
  { anonymousPublic = true }: { readonly anonymousPublic?: boolean } = {},
): RegistryCredentials => {
  const kept = keepFresh<RegistryLogin | undefined, Registry>({
    nowMs,
    keyOf: ({ ecr }) => (ecr.kind === "public" ? "public" : ecr.region),
    async ask(registry, signal) {
      try {
        return await logIn(clients, nowMs(), registry, signal);
      } catch (cause) {
        if (registry.ecr.kind === "private" || !anonymousPublic) throw toFailure(registry, cause);
        return { value: undefined, keepMs: ANONYMOUS_MS };
      }
    },
    failure: toFailure,
  });
  return async (host, signal) => {
    const ecr = parseEcrHost(host);
    return ecr === undefined ? undefined : kept({ host, ecr }, signal);
  };
};
