import { resolve } from "node:path";
import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import { createFile, replaceFile } from "../../shared/adapters/node/whole-file.ts";
import { CliError } from "../../shared/cli/cli-error.ts";
import type { PolicyPorts } from "../../shared/cli/policy-ports.ts";
import type { LoadClusters } from "../../shared/cli/receivers/ports.ts";
import type { Config } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import { createVerifier } from "../../shared/signature/verifier.ts";
import { withPlaces } from "../wiring/placed-secrets.ts";
import type { LoadedCatalog } from "../wiring/policy/catalogs.ts";
import { createClusterReader } from "../wiring/policy/cluster-manifests.ts";
import { loadCompiledCatalog } from "../wiring/policy/compiled-catalog.ts";
import { loadManifestCatalog } from "../wiring/policy/manifest-catalog.ts";
import type { ArtifactPorts } from "../wiring/policy/policy-artifact.ts";
import { createTrustedRoots } from "../wiring/policy/trusted-roots.ts";
import { createRegistry, type RegistryPlatform } from "../wiring/registry/registry.ts";
import { createMachinePlatform } from "./ambient.ts";

const toWriteError = (path: string, cause: unknown): CliError => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  const message =
    code === "EEXIST"
      ? `${path} is there already; replace it with --force`
      : `${path} cannot be written (${code}); check its folder and permissions, or name another file`;
  return new CliError(message, { code: "OUTPUT_REFUSED", cause });
};

/** What people look at are the manifests, which carry findings; the compiled catalog where there is nothing else. */
const loadPolicyOf = ({ catalog, clusters }: Config, ports: ArtifactPorts): Promise<LoadedCatalog> =>
  catalog !== undefined && clusters.some(({ manifests }) => manifests.kind === "catalog")
    ? loadCompiledCatalog(catalog, { artifacts: async () => ports, clock: ports.clock })
    : loadManifestCatalog(clusters, createClusterReader(ports.secrets, ports));

/** Reads sluice.yaml and opens what its manifests may need: a registry, and a verifier for what comes from there. */
const withSources = async <T>(
  platform: RegistryPlatform,
  path: string,
  cwd: string,
  work: (config: Config, ports: ArtifactPorts) => Promise<T>,
): Promise<T> => {
  const { text, file, baseFolder } = await readConfigText(path, cwd);
  const config = parseConfig(text, { file, baseFolder });
  const placed = withPlaces(platform, config);
  const { clock, secrets } = placed;
  const registry = createRegistry(config, placed);
  try {
    const trustedRoots = createTrustedRoots(config.trustedRoots, () => undefined);
    const verifier = createVerifier({ registry: registry.reader, trustedRoots, nowMs: clock.nowMs });
    return await work(config, { registry: registry.reader, verifier, secrets, clock });
  } finally {
    await registry.close();
  }
};

/** Clusters' manifests as they are, beside what they compile to. */
export const createLoadClusters = (env: Readonly<Record<string, string | undefined>>): LoadClusters => {
  const platform = createMachinePlatform(env, { nowMs: Date.now });
  return (path, { cwd }) =>
    withSources(platform, path, cwd, async (config, ports) => {
      const read = createClusterReader(ports.secrets, ports);
      const clusters = await Promise.all(config.clusters.map(read));
      const named = new Map(clusters.map((one) => [one.name, one]));
      const loaded = await loadManifestCatalog(config.clusters, async ({ name }) => {
        const known = named.get(name);
        if (known === undefined) throw new PipelineError(`cluster ${name}`, { code: "CONFIG_INVALID" });
        return known;
      });
      return {
        config,
        ...loaded,
        clusters: clusters.map(({ name, set, secrets: data }) => ({
          name,
          manifests: set.manifests,
          secret: (namespace, secret) => data.get(`${namespace}/${secret}`),
        })),
      };
    });
};

/** The policy as files on this machine. */
export const createPolicyPorts = (env: Readonly<Record<string, string | undefined>>): PolicyPorts => {
  const platform = createMachinePlatform(env, { nowMs: Date.now });
  return {
    loadPolicy: (path, { cwd }) =>
      withSources(platform, path, cwd, async (config, ports) => ({
        config,
        ...(await loadPolicyOf(config, ports)),
      })),
    openRegistry: (config) => createRegistry(config, withPlaces(platform, config)),
    loadManifests: (name, manifests) =>
      loadManifestCatalog(
        [{ name, manifests, secrets: { data: new Map() } }],
        createClusterReader(platform.secrets),
      ),
    async writeFile(path, text, replace, { cwd }) {
      const write = replace ? replaceFile : createFile;
      await write(resolve(cwd, path), text).catch((cause: unknown) => {
        throw toWriteError(path, cause);
      });
    },
  };
};
