import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import { CliError } from "../../shared/cli/cli-error.ts";
import type { PolicyPorts } from "../../shared/cli/policy-ports.ts";
import type { ClusterSettings } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config.ts";
import { createVerifier } from "../../shared/signature/verifier.ts";
import { loadCatalog } from "../common/catalogs.ts";
import { createClusterReader } from "../common/cluster-manifests.ts";
import { createRegistry } from "../common/registry.ts";
import { createTrustedRoots } from "../common/trusted-roots.ts";

const toCluster = (name: string, folder: string): ClusterSettings => ({
  name,
  manifests: { kind: "folder", folder, intervalMs: 0 },
  secrets: { data: new Map() },
});

const toWriteError = (path: string, cause: unknown): CliError => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  const message =
    code === "EEXIST"
      ? `${path} is there already; replace it with --force`
      : `${path} cannot be written (${code})`;
  return new CliError(message, { code: "OUTPUT_REFUSED", cause });
};

/** The policy as files on this machine. */
export const createPolicyPorts = (env: Readonly<Record<string, string | undefined>>): PolicyPorts => {
  const secrets = createNodeSecrets(env);
  return {
    async loadPolicy(path, { cwd }) {
      const { text, file, baseFolder } = await readConfigText(path, cwd);
      const config = parseConfig(text, { file, baseFolder });
      const registry = createRegistry(config, secrets, { nowMs: Date.now });
      try {
        const trustedRoots = createTrustedRoots(config.trustedRoots, () => undefined);
        const verifier = createVerifier({ registry: registry.reader, trustedRoots, nowMs: Date.now });
        const read = createClusterReader(secrets, { registry: registry.reader, verifier, secrets });
        return { config, ...(await loadCatalog(config.clusters, read)) };
      } finally {
        await registry.close();
      }
    },
    openRegistry: (config) => createRegistry(config, secrets, { nowMs: Date.now }),
    loadFolder: (cluster, folder, { cwd }) =>
      loadCatalog([toCluster(cluster, resolve(cwd, folder))], createClusterReader(secrets)),
    async writeFile(path, text, replace, { cwd }) {
      await writeFile(resolve(cwd, path), text, { flag: replace ? "w" : "wx" }).catch((cause: unknown) => {
        throw toWriteError(path, cause);
      });
    },
  };
};
