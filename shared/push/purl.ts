import type { ReferenceParts } from "./full-reference.ts";

const PURL = /^pkg:(?:\/\/)?([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+?)(?:@([^@?#/]*))?(?:\?([^#]*))?(?:#.*)?$/;
const DOCKER_HUB = "docker.io";
/** Longer than any, short enough to be read from each of its characters. */
const MAX_LENGTH = 4096;

/** A package URL of an OCI artifact; `host` is empty where it names no registry. */
export type PackageUrl = ReferenceParts | "not-oci" | undefined;

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

const splitRepositoryUrl = (url: string): { host: string; path: string } => {
  const bare = url.replace(/^[a-z]+:\/\//i, "").replace(/\/+$/, "");
  const slash = bare.indexOf("/");
  return slash === -1
    ? { host: bare, path: "" }
    : { host: bare.slice(0, slash), path: bare.slice(slash + 1) };
};

/** `repository_url` holds the whole repository by the purl spec, yet some writers leave out the name. */
const ociPath = (path: string, name: string): string => {
  if (path === name || path.endsWith(`/${name}`)) return path;
  return path === "" ? name : `${path}/${name}`;
};

/** Reads `pkg:oci/name@sha256%3A…?repository_url=…&tag=…` and `pkg:docker/ns/name@version?repository_url=…`. */
export const splitPackageUrl = (text: string): PackageUrl => {
  if (text.length > MAX_LENGTH) return undefined;
  const [, type = "", rawName = "", rawVersion = "", qualifiers = ""] = PURL.exec(text) ?? [];
  if (type === "") return undefined;
  const kind = type.toLowerCase();
  if (kind !== "oci" && kind !== "docker") return "not-oci";
  const name = decode(rawName);
  const version = decode(rawVersion);
  if (name === undefined || version === undefined) return undefined;
  const parameters = new URLSearchParams(qualifiers);
  const { host, path } = splitRepositoryUrl(parameters.get("repository_url") ?? "");
  const tag = parameters.get("tag") ?? (version.startsWith("sha256:") ? "" : version);
  return {
    host: kind === "docker" && host === "" ? DOCKER_HUB : host,
    repository: ociPath(path, name),
    ...(tag !== "" && { tag }),
    ...(version.startsWith("sha256:") && { digest: version }),
  };
};
