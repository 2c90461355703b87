import { type Credentials, type DockerConfig, OrasError, parseDockerConfig } from "oras-js";
import { FileUnreadable, readCappedFile } from "../../../shared/adapters/node/capped-file.ts";
import { PipelineError } from "../../../shared/errors.ts";

const MAX_BYTES = 1_048_576;

/** The file at `path` as it is now. Throws `FileUnreadable` or `OrasError`. */
export const readDockerConfig = async (path: string): Promise<DockerConfig> =>
  parseDockerConfig(new TextDecoder().decode(await readCappedFile(path, MAX_BYTES)));

/**
 * A login from docker's config.json, which is read anew each time, since logins in it are renewed. `undefined`: the file
 * has none for this host. Throws where it leaves the login to a helper program: nobody asked to come as a stranger.
 */
export const readDockerLogin = async (
  path: string,
  host: string,
  repository: string,
): Promise<Credentials | undefined> => {
  try {
    const config = await readDockerConfig(path);
    const login = await config.credentials(host, repository);
    const helper = config.helperOf(host);
    if (login !== undefined || helper === undefined) return login;
    throw new PipelineError(
      `${path}: ${host}'s login is left to the helper program "${helper}", which Sluice does not run; write it under "auths", or set username and password in sluice.yaml`,
      { code: "REGISTRY_DENIED" },
    );
  } catch (error) {
    if (!(error instanceof FileUnreadable || error instanceof OrasError)) throw error;
    throw new PipelineError(`${path}: ${error.message}`, { code: "REGISTRY_UNAVAILABLE", cause: error });
  }
};
