import { homedir } from "node:os";
import { createEcrClients } from "../../shared/adapters/aws/ecr/clients.ts";
import { createEcrCredentials } from "../../shared/adapters/aws/ecr/credentials.ts";
import { createAcrCredentials } from "../../shared/adapters/azure/acr-credentials.ts";
import { type EntraTokenSource, keepEntraTokens } from "../../shared/adapters/azure/entra-token.ts";
import { createFederatedIdentity } from "../../shared/adapters/azure/federated-identity.ts";
import { createManagedIdentity } from "../../shared/adapters/azure/managed-identity.ts";
import { createApplicationDefaultToken } from "../../shared/adapters/gcp/application-default.ts";
import { createMetadataAccessToken } from "../../shared/adapters/gcp/metadata-server.ts";
import { createGoogleRegistryCredentials } from "../../shared/adapters/gcp/registry-credentials.ts";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { Clock, RegistryCredentials } from "../../shared/ports.ts";
import type { AmbientLogins, RegistryPlatform } from "../wiring/registry/registry.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface AmbientSettings {
  readonly env: Environment;
  readonly clock: Clock;
  readonly home: string;
  /** To a metadata service, at an address that guarded requests refuse. */
  readonly inside: typeof globalThis.fetch;
  /** To Entra and to the registry. */
  readonly outside: typeof globalThis.fetch;
  /** Default: three seconds. */
  readonly metadataTimeoutMs?: number;
}

/** Beyond a cloud nothing answers a metadata service's address; in one it answers in milliseconds. */
const METADATA_TIMEOUT_MS = 3_000;

const withTimeout =
  (fetch: typeof globalThis.fetch, timeoutMs: number): typeof globalThis.fetch =>
  (input, init = {}) => {
    const end = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, end]) : end;
    return fetch(input, { ...init, signal });
  };

const pick = (env: Environment, name: string): string | undefined => env[name] || undefined;

/** By Kubernetes' projected token, by what a function or container has, else by the virtual machine's own identity. */
const openEntra = ({ env, clock, inside, outside }: AmbientSettings): EntraTokenSource => {
  const tenantId = pick(env, "AZURE_TENANT_ID");
  const clientId = pick(env, "AZURE_CLIENT_ID");
  const file = pick(env, "AZURE_FEDERATED_TOKEN_FILE");
  if (file !== undefined && tenantId !== undefined && clientId !== undefined) {
    const secrets = createNodeSecrets(env);
    const authority = pick(env, "AZURE_AUTHORITY_HOST")?.replace(/\/+$/, "");
    return createFederatedIdentity({
      tenantId,
      clientId,
      // Kubernetes renews the file; a newline at its end is no part of the token.
      assertion: async () => new Secret((await secrets.read({ file })).reveal().trim()),
      fetch: outside,
      clock,
      ...(authority === undefined ? {} : { authority }),
    });
  }
  const url = pick(env, "IDENTITY_ENDPOINT");
  const header = pick(env, "IDENTITY_HEADER");
  return createManagedIdentity({
    fetch: inside,
    ...(clientId === undefined ? {} : { clientId }),
    ...(url === undefined || header === undefined ? {} : { endpoint: { url, header } }),
  });
};

const NOBODY =
  "no Azure identity here, neither a projected token (AZURE_FEDERATED_TOKEN_FILE) nor a managed identity";

const openAzure = (settings: AmbientSettings): RegistryCredentials => {
  const entra = openEntra(settings);
  const tokens: EntraTokenSource = async (resource, signal) => {
    try {
      return await entra(resource, signal);
    } catch (cause) {
      const reason = cause instanceof PipelineError ? cause.message : "no token in time";
      throw new PipelineError(`${NOBODY} (${reason})`, { code: "SECRET_UNAVAILABLE", cause });
    }
  };
  const { clock, outside: fetch } = settings;
  return createAcrCredentials({ tokens: keepEntraTokens(tokens, clock), fetch, clock });
};

const openGoogle = ({ env, clock, home, inside, outside }: AmbientSettings): RegistryCredentials => {
  const { nowMs } = clock;
  const host = pick(env, "GCE_METADATA_HOST");
  const otherwise = createMetadataAccessToken({
    fetch: inside,
    nowMs,
    ...(host === undefined ? {} : { host }),
  });
  return createGoogleRegistryCredentials(
    createApplicationDefaultToken({ fetch: outside, nowMs, env, home, otherwise }),
  );
};

/** Logins as who this machine is in each cloud. Making them asks nobody and loads no cloud's SDK. */
export const createAmbientLogins = (settings: AmbientSettings): AmbientLogins => {
  const { inside, metadataTimeoutMs = METADATA_TIMEOUT_MS } = settings;
  const bounded = { ...settings, inside: withTimeout(inside, metadataTimeoutMs) };
  return {
    // The SDK asks an instance's metadata for a second, once.
    aws: createEcrCredentials(createEcrClients(), settings.clock, { anonymousPublic: false }),
    azure: openAzure(bounded),
    google: openGoogle(bounded),
  };
};

/** What this machine brings to reading registries. */
export const createMachinePlatform = (env: Environment, clock: Clock): RegistryPlatform => ({
  clock,
  secrets: createNodeSecrets(env),
  ambient: (outside) =>
    createAmbientLogins({ env, clock, home: homedir(), inside: globalThis.fetch, outside }),
});
