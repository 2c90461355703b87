import { type RepositoryName, toRepositoryName } from "../../artifact/repository.ts";

export type ParsedRepository = { readonly repository: RepositoryName } | { readonly problem: string };

const OCI_SCHEME = "oci://";
const DEFAULT_REGISTRY = "index.docker.io";
const REGISTRY = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/;
const REPOSITORY = /^[a-z0-9_-][a-z0-9._-]*(?:\/[a-z0-9_-][a-z0-9._-]*)*$/;
const MAX_REPOSITORY_LENGTH = 255;
const MIN_REPOSITORY_LENGTH = 2;
/** Host, port and repository fit in far less. */
const MAX_URL_LENGTH = 1024;

/** go-containerregistry's rule: what has a dot or a colon before the first slash, or is `localhost`, is a host. */
const splitRegistry = (name: string): { registry: string; path: string } => {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  const isHost = first === "localhost" || /[.:]/.test(first);
  return isHost
    ? { registry: first, path: name.slice(slash + 1) }
    : { registry: DEFAULT_REGISTRY, path: name };
};

/** `ImageRepository.spec.image`: a repository without scheme, tag or digest. */
export const parseImageName = (name: string): ParsedRepository => {
  if (name.includes("://")) return { problem: "the image must not have a scheme" };
  const { registry, path } = splitRegistry(name);
  if (!REGISTRY.test(registry)) return { problem: `${JSON.stringify(registry)} is no registry host` };
  if (path.includes(":") || path.includes("@")) return { problem: "a tag or digest does not belong there" };
  const fits = path.length >= MIN_REPOSITORY_LENGTH && path.length <= MAX_REPOSITORY_LENGTH;
  if (!fits || !REPOSITORY.test(path)) return { problem: `${JSON.stringify(path)} is no repository` };
  return { repository: toRepositoryName(registry, path) };
};

/** `OCIRepository.spec.url`. */
export const parseOciUrl = (url: string): ParsedRepository =>
  url.startsWith(OCI_SCHEME)
    ? parseImageName(url.slice(OCI_SCHEME.length))
    : { problem: "the URL must start with oci://" };

/** A chart in a HelmRepository of type `oci`. */
export const parseChartUrl = (url: string, chart: string): ParsedRepository =>
  // Slashes at an end that never comes would be counted from each of them.
  url.length > MAX_URL_LENGTH
    ? { problem: `the URL is longer than ${MAX_URL_LENGTH} characters` }
    : parseOciUrl(`${url.replace(/\/+$/, "")}/${chart}`);
