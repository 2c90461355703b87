import { parseReference } from "oras-js";
import { toRepositoryName } from "../shared/artifact/repository.ts";
import type { Config } from "../shared/config/config.ts";

/** A cloud where `evaluate` alone logs in to registries: what strangers reach, or what calls receivers, never does. */
export interface PolicyCloud {
  readonly name: string;
  /** Whether the host lets nobody in but by this cloud's login. */
  readonly asksForLogin: (host: string) => boolean;
  /** How an object in the cloud's storage is written in sluice.yaml. */
  readonly object: string;
}

const artifactsOf = ({
  catalog,
  clusters,
}: Config): readonly (readonly [key: string, reference: string])[] => {
  if (catalog !== undefined)
    return catalog.kind === "artifact" ? [["catalog.artifact", catalog.reference]] : [];
  return clusters.flatMap(({ name, manifests }) =>
    manifests.kind === "artifact"
      ? [[`clusters[${name}].manifests.artifact`, manifests.reference] as const]
      : [],
  );
};

const needsLogin = (host: string, { registries }: Config, { asksForLogin }: PolicyCloud): boolean => {
  const credentials = registries.get(host)?.credentials;
  switch (credentials?.kind) {
    case undefined:
      return asksForLogin(host);
    case "docker-config":
      // In every bundle.
      return false;
    case "basic":
      return "secret" in credentials.password;
    default:
      return true;
  }
};

/** Throws one line for a policy in a registry that only `evaluate` gets into: the other functions read the policy, too. */
export const checkPolicyReach = (config: Config, cloud: PolicyCloud): void => {
  for (const [key, reference] of artifactsOf(config)) {
    const { registry, repository } = parseReference(reference);
    const host = toRepositoryName(registry, repository).registry;
    if (!needsLogin(host, config, cloud)) continue;
    throw new Error(
      `${key}: on ${cloud.name} evaluate alone logs in to registries such as ${host}, while deliver, sweep and inputs read the policy, too; write catalog: {file: ./catalog.json}, which is shipped with the functions, or catalog: {object: ${cloud.object}}`,
    );
  }
};
