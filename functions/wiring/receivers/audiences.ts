import { ROLE_AUDIENCE } from "../../../shared/adapters/aws/ecr/federated-credentials.ts";
import { FEDERATION_AUDIENCE } from "../../../shared/adapters/azure/federated-identity.ts";
import { audienceOfProvider } from "../../../shared/adapters/gcp/workload-identity.ts";
import type { Config, CredentialSettings } from "../../../shared/config/config.ts";

/** What the platform's tokens are for, by who asks for them. */
export interface Audiences {
  /** Registries elsewhere, to which a login is exchanged for such a token. */
  readonly evaluate: readonly string[];
  /** `generic-oidc` Receivers, and endpoints. */
  readonly deliver: readonly string[];
}

const audienceOfLogin = (credentials: CredentialSettings | undefined): readonly string[] => {
  switch (credentials?.kind) {
    case "google":
      return [credentials.audience ?? audienceOfProvider(credentials.provider)];
    case "azure":
      return [FEDERATION_AUDIENCE];
    case "aws":
      return [credentials.audience ?? ROLE_AUDIENCE];
    default:
      return [];
  }
};

const distinct = (audiences: readonly string[]): readonly string[] => [...new Set(audiences)].sort();

/**
 * Every audience for which sluice.yaml makes Sluice ask the platform who it is; none where the file itself says who
 * vouches for it.
 */
export const audiencesOf = ({ identity, registries, clusters, endpoints }: Config): Audiences => {
  if (identity !== undefined) return { evaluate: [], deliver: [] };
  const receivers = clusters.map(({ receiver }) => receiver).filter((receiver) => receiver !== undefined);
  return {
    evaluate: distinct([...registries.values()].flatMap(({ credentials }) => audienceOfLogin(credentials))),
    deliver: distinct([
      ...receivers.flatMap(({ audiences }) => [...audiences.values()]),
      ...[...receivers, ...endpoints].flatMap(({ audience }) => audience ?? []),
    ]),
  };
};
