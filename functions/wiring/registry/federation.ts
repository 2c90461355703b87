import { createFederatedEcrCredentials } from "../../../shared/adapters/aws/ecr/federated-credentials.ts";
import { createAcrCredentials } from "../../../shared/adapters/azure/acr-credentials.ts";
import { keepEntraTokens } from "../../../shared/adapters/azure/entra-token.ts";
import { createFederatedIdentity } from "../../../shared/adapters/azure/federated-identity.ts";
import { createGoogleRegistryCredentials } from "../../../shared/adapters/gcp/registry-credentials.ts";
import { createWorkloadIdentityToken } from "../../../shared/adapters/gcp/workload-identity.ts";
import type { CloudName, FederationSettings } from "../../../shared/config/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { CallerIdentity, Clock, RegistryCredentials, RegistryLogin } from "../../../shared/ports.ts";

export interface FederationPorts {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Who Sluice is where it runs; absent: nobody can say. */
  readonly identity: CallerIdentity | undefined;
}

const open = (
  settings: FederationSettings,
  { fetch, clock }: FederationPorts,
  identity: CallerIdentity,
): RegistryCredentials => {
  switch (settings.kind) {
    case "google": {
      const { kind: _kind, ...federation } = settings;
      return createGoogleRegistryCredentials(
        createWorkloadIdentityToken({ ...federation, fetch, nowMs: clock.nowMs, identity }),
      );
    }
    case "azure": {
      const { tenantId, clientId } = settings;
      const federated = createFederatedIdentity({ tenantId, clientId, assertion: identity, fetch, clock });
      return createAcrCredentials({ tokens: keepEntraTokens(federated, clock), fetch, clock });
    }
    case "aws": {
      const { kind: _kind, ...federation } = settings;
      return createFederatedEcrCredentials({ ...federation, fetch, clock, identity });
    }
  }
};

const CLOUD = { google: "Google's", azure: "Azure's", aws: "ECR's" } as const;

const refuse = (host: string, message: string): PipelineError =>
  new PipelineError(`registries[${host}].credentials: ${message}`, { code: "CONFIG_INVALID" });

/** A token of one cloud must not reach a registry that is not its. */
export const requireLogin = (
  login: RegistryLogin | undefined,
  cloud: CloudName,
  host: string,
): RegistryLogin => {
  if (login === undefined) throw refuse(host, `this is no registry of ${CLOUD[cloud]}`);
  return login;
};

/** Logins at other clouds' registries for who Sluice is here; one for each host, which keeps its tokens. */
export const createFederatedLogins = (
  ports: FederationPorts,
): ((settings: FederationSettings, host: string, signal: AbortSignal) => Promise<RegistryLogin>) => {
  const opened = new Map<string, RegistryCredentials>();
  return async (settings, host, signal) => {
    const { identity } = ports;
    if (identity === undefined) {
      throw refuse(host, "nobody says who Sluice is here; write `identity` in sluice.yaml");
    }
    const credentials = opened.get(host) ?? open(settings, ports, identity);
    opened.set(host, credentials);
    const login = await credentials(host, signal);
    return requireLogin(login, settings.kind, host);
  };
};
