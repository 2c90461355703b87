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

/**
 * One spelling per repository: host in lower case, Docker Hub's aliases as `index.docker.io`, its one-word
 * repositories under `library/` (as go-containerregistry does).
 */
export const toRepositoryName = (registry: string, repository: string): RepositoryName => {
  const host = registry.toLowerCase();
  if (!DOCKER_HUB_ALIASES.has(host)) return { registry: host, repository };
  const path = repository.includes("/") ? repository : `library/${repository}`;
  return { registry: "index.docker.io", repository: path };
};

export const formatRepository = ({ registry, repository }: RepositoryName): string =>
  `${registry}/${repository}`;

export const formatArtifact = (artifact: ArtifactName): string =>
  `${formatRepository(artifact)}@${artifact.digest}`;
