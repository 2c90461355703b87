import type { Digest } from "./digest.ts";

/** A repository as the catalog and events name it: canonical registry host (with port) and path. */
export interface RepositoryName {
  readonly registry: string;
  readonly repository: string;
}

export interface ArtifactName extends RepositoryName {
  readonly digest: Digest;
}

const DOCKER_HUB_ALIASES = new Set([
  "docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com",
  "index.docker.io",
]);

const WITH_PORT = /^(\[[^\]]*\]|[^:]*):0*([0-9]+)$/;
/** Clients leave it out of the address they ask, so with and without it is one registry. */
const HTTPS_PORT = "443";

const toHostname = (name: string): string => {
  const address = name.startsWith("[") ? URL.parse(`https://${name}`) : null;
  return address === null ? name : address.hostname;
};

const toHost = (registry: string): string => {
  const host = registry.toLowerCase();
  const [, name, port] = WITH_PORT.exec(host) ?? [];
  if (name === undefined || port === undefined) return toHostname(host);
  return port === HTTPS_PORT ? toHostname(name) : `${toHostname(name)}:${port}`;
};

/**
 * One spelling per repository: host in lower case, without the port that is meant anyway, IPv6 as URLs write it;
 * Docker Hub's aliases as `index.docker.io`, its one-word repositories under `library/` (as go-containerregistry
 * does). Rules go by this name, so with two spellings of one registry a manifest could step out of a rule.
 */
export const toRepositoryName = (registry: string, repository: string): RepositoryName => {
  const host = toHost(registry);
  if (!DOCKER_HUB_ALIASES.has(host)) return { registry: host, repository };
  const path = repository.includes("/") ? repository : `library/${repository}`;
  return { registry: "index.docker.io", repository: path };
};

export const formatRepository = ({ registry, repository }: RepositoryName): string =>
  `${registry}/${repository}`;

export const formatArtifact = (artifact: ArtifactName): string =>
  `${formatRepository(artifact)}@${artifact.digest}`;
