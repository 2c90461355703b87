import { resolve } from "node:path";
import { toRepositoryName } from "../artifact/repository.ts";
import type {
  CatalogSettings,
  ClusterSecrets,
  ClusterSettings,
  Config,
  CredentialSettings,
  Limits,
  ManifestSettings,
  RegistrySettings,
} from "./config.ts";
import type { ConfigInput } from "./schema.ts";
import { toConfirmation, toEndpoint, toIdentity, toInputs, toReceiver } from "./to-delivery.ts";
import { toFileRef, toPath, toSecretRef, toTrust, type WithFolder } from "./to-references.ts";
import { toRules } from "./to-rules.ts";
import { toSource } from "./to-source.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

type ClusterInput = ConfigInput["clusters"][number];

const toReference = (artifact: string): string => artifact.slice("oci://".length);

const toCatalog = (input: NonNullable<ConfigInput["catalog"]>, at: WithFolder): CatalogSettings => {
  const intervalMs = input.interval ?? MINUTE_MS;
  if ("file" in input) return { kind: "file", path: toPath(input.file, at), intervalMs };
  if ("object" in input) return { kind: "object", url: input.object, intervalMs };
  return {
    kind: "artifact",
    reference: toReference(input.artifact),
    trust: toTrust(input, at),
    intervalMs,
  };
};

const toManifests = (input: ClusterInput["manifests"], at: WithFolder): ManifestSettings => {
  const intervalMs = input?.interval ?? MINUTE_MS;
  if (input === undefined) return { kind: "catalog", intervalMs };
  if ("folder" in input) return { kind: "folder", folder: toPath(input.folder, at), intervalMs };
  if ("artifact" in input) {
    return {
      kind: "artifact",
      reference: toReference(input.artifact),
      trust: toTrust(input, at),
      intervalMs,
    };
  }
  if ("kubeconfig" in input) {
    const context = input.context === undefined ? {} : { context: input.context };
    return { kind: "kubeconfig", path: toPath(input.kubeconfig, at), ...context, intervalMs };
  }
  return { kind: "in-cluster", intervalMs };
};

const toClusterSecrets = (input: ClusterInput["secrets"], at: WithFolder): ClusterSecrets => {
  if (input === undefined) return { data: new Map() };
  if (typeof input === "string") return { folder: toPath(input, at), data: new Map() };
  const entries = Object.entries(input).map(
    ([object, values]) =>
      [object, new Map(Object.entries(values).map(([key, ref]) => [key, toFileRef(ref, at)]))] as const,
  );
  return { data: new Map(entries) };
};

const toCluster = (input: ClusterInput, at: WithFolder): ClusterSettings => ({
  name: input.name,
  manifests: toManifests(input.manifests, at),
  ...(input.receiver === undefined ? {} : { receiver: toReceiver(input.receiver, at) }),
  ...(input.confirmation === undefined
    ? {}
    : { confirmation: toConfirmation(input.confirmation, input.name, at) }),
  ...(input.inputs === undefined ? {} : { inputs: toInputs(input.inputs, input.name, at) }),
  secrets: toClusterSecrets(input.secrets, at),
});

const toCredentials = (
  input: NonNullable<NonNullable<ConfigInput["registries"]>[string]["credentials"]>,
  at: WithFolder,
): CredentialSettings => {
  if ("username" in input) {
    return { kind: "basic", username: input.username, password: toSecretRef(input.password, at) };
  }
  if ("dockerConfig" in input) return { kind: "docker-config", path: toPath(input.dockerConfig, at) };
  if ("ambient" in input) return { kind: "ambient", cloud: input.ambient };
  if ("azure" in input) return { kind: "azure", tenantId: input.azure.tenant, clientId: input.azure.client };
  if ("aws" in input) {
    const { role: roleArn, audience } = input.aws;
    return { kind: "aws", roleArn, ...(audience === undefined ? {} : { audience }) };
  }
  const { provider, serviceAccount, audience } = input.google;
  return {
    kind: "google",
    provider,
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(audience === undefined ? {} : { audience }),
  };
};

const toRegistry = (
  input: NonNullable<ConfigInput["registries"]>[string],
  at: WithFolder,
): RegistrySettings => {
  const { credentials, ca } = input;
  return {
    plainHttp: input.plainHttp ?? false,
    allowPrivateAddresses: input.allowPrivateAddresses ?? false,
    ...(ca === undefined ? {} : { ca: toPath(ca, at) }),
    ...(credentials === undefined ? {} : { credentials: toCredentials(credentials, at) }),
  };
};

const toLimits = (input: ConfigInput["limits"]): Limits => ({
  bodyBytes: input?.body ?? 8 * 1_048_576,
  eventsPerMinute: input?.eventsPerMinute ?? 6_000,
  evaluations: input?.evaluations ?? 8,
  deliveries: input?.deliveries ?? 64,
  ...(input?.gather === undefined ? {} : { gatherMs: input.gather }),
  attempts: input?.attempts ?? 300,
  registryTimeoutMs: input?.registryTimeout ?? 30_000,
  receiverTimeoutMs: input?.receiverTimeout ?? MINUTE_MS,
});

/** Fills in the defaults and resolves paths against `baseFolder`, which must be absolute. Total: the input is checked. */
export const toConfig = (input: ConfigInput, baseFolder: string): Config => {
  const at: WithFolder = { baseFolder };
  const deadlineMs = input.evidence?.deadline ?? 15 * MINUTE_MS;
  const registries = Object.entries(input.registries ?? {}).map(
    ([host, settings]) => [toRepositoryName(host, "a/b").registry, toRegistry(settings, at)] as const,
  );
  const roots = Object.entries(input.trustedRoots ?? {}).map(
    ([name, path]) => [name, resolve(baseFolder, path)] as const,
  );
  return {
    mode: input.mode,
    listen: { host: input.listen?.host ?? "127.0.0.1", port: input.listen?.port ?? 8080 },
    state: {
      path: toPath(input.state?.path ?? ".sluice/sluice.db", at),
      retentionMs: input.state?.retention ?? 90 * DAY_MS,
    },
    ...(input.catalog === undefined ? {} : { catalog: toCatalog(input.catalog, at) }),
    clusters: input.clusters.map((cluster) => toCluster(cluster, at)),
    sources: (input.sources ?? []).map((source) => toSource(source, at)),
    endpoints: (input.endpoints ?? []).map((endpoint) => toEndpoint(endpoint, at)),
    ...(input.identity === undefined ? {} : { identity: toIdentity(input.identity, at) }),
    trustedRoots: new Map(roots),
    rules: toRules(input.rules ?? [], deadlineMs, at),
    evidence: { deadlineMs },
    registries: new Map(registries),
    network: { allowPrivate: input.network?.allowPrivate ?? [] },
    sweep: {
      intervalMs: input.sweep?.interval ?? 15 * MINUTE_MS,
      tagsMaxAgeMs: input.sweep?.tagsMaxAge ?? 5 * MINUTE_MS,
      requestBudget: input.sweep?.requestBudget ?? 2_000,
    },
    limits: toLimits(input.limits),
  };
};
