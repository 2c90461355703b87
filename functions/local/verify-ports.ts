import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type CredentialsSource, createClient, OrasError } from "oras-js";
import { FileUnreadable, readCappedFile } from "../../shared/adapters/node/capped-file.ts";
import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import { createGuardedFetch } from "../../shared/adapters/node/guarded-fetch.ts";
import { createOrasRegistryReader } from "../../shared/adapters/node/oras-registry.ts";
import type { OpenRegistry, VerifyPorts } from "../../shared/cli/verify/ports.ts";
import { parseConfig } from "../../shared/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import { createVerifier } from "../../shared/signature/verifier.ts";
import { withPlaces } from "../wiring/placed-secrets.ts";
import { PRIVATE_NETWORKS } from "../wiring/receivers/private-networks.ts";
import { readDockerConfig } from "../wiring/registry/docker-login.ts";
import { createRegistry } from "../wiring/registry/registry.ts";
import { createMachinePlatform } from "./ambient.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What `docker login` left; nobody who never logged in needs the file. */
const readDockerLogins = async (env: Environment): Promise<CredentialsSource | undefined> => {
  const folder = env.DOCKER_CONFIG ?? join(homedir(), ".docker");
  try {
    return (await readDockerConfig(join(folder, "config.json"))).credentials;
  } catch (error) {
    if (error instanceof FileUnreadable && error.absent) return undefined;
    if (!(error instanceof FileUnreadable || error instanceof OrasError)) throw error;
    const message = `docker's config.json in ${folder}: ${error.message}`;
    throw new PipelineError(message, { code: "CONFIG_INVALID", cause: error });
  }
};

/** A person names the registry, so it may be inside; where it redirects to may not be a metadata service. */
const openByHand = async (env: Environment, plainHttp: boolean): Promise<OpenRegistry> => {
  const credentials = await readDockerLogins(env);
  const { fetch, close } = createGuardedFetch({ allow: PRIVATE_NETWORKS });
  const client = createClient({
    fetch,
    userAgent: "sluice",
    ...(plainHttp ? { plainHttp: () => true } : {}),
    ...(credentials === undefined ? {} : { credentials }),
  });
  return { reader: createOrasRegistryReader(client), close };
};

/** Registries, files and the verifier for commands that a person runs. */
export const createVerifyPorts = (env: Environment): VerifyPorts => ({
  async openRegistry({ plainHttp, config }, { cwd }) {
    if (config === undefined) return openByHand(env, plainHttp);
    const { text, file, baseFolder } = await readConfigText(config, cwd);
    const settings = parseConfig(text, { file, baseFolder });
    const platform = createMachinePlatform(env, { nowMs: Date.now });
    return createRegistry(settings, withPlaces(platform, settings));
  },
  createVerifier: (registry, trustedRoots) => createVerifier({ registry, trustedRoots, nowMs: Date.now }),
  readFile: (path, maxBytes, { cwd }) => readCappedFile(resolve(cwd, path), maxBytes),
});
