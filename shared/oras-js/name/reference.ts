import type { Repository } from "../descriptor.ts";
import { type Digest, isDigest } from "../digest.ts";
import { OrasError, quote } from "../errors.ts";
import { DOCKER_HUB, parseRegistryHost } from "./registry-host.ts";

export type Reference =
  | (Repository & { readonly kind: "tag"; readonly tag: string })
  /** With both a tag and a digest the digest decides; the tag is kept for people only. */
  | (Repository & { readonly kind: "digest"; readonly digest: Digest; readonly tag?: string });

const TAG = /^[A-Za-z0-9_.-]{1,128}$/;
const REPOSITORY = /^[a-z0-9_./-]{1,255}$/;
const DEFAULT_TAG = "latest";

const refuse = (text: string, why: string): OrasError =>
  new OrasError(`reference ${quote(text)}: ${why}`, { code: "REFERENCE_INVALID" });

/** `.` and `..` are refused beyond the character rules: an URL parser would walk to another resource. */
export const isTag = (text: string): boolean => TAG.test(text) && text !== "." && text !== "..";

/** Likewise empty, `.` and `..` components: `a/../b` must not be read from `b`. */
export const isRepositoryPath = (text: string): boolean =>
  REPOSITORY.test(text) && text.split("/").every((part) => part !== "" && part !== "." && part !== "..");

// The first component is a host when it could not be a Docker Hub namespace.
const splitHost = (name: string): { host: string | undefined; path: string } => {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isHost = first === "localhost" || first.includes(".") || first.includes(":");
  return isHost ? { host: first, path: name.slice(slash + 1) } : { host: undefined, path: name };
};

const parseName = (text: string, name: string): Repository => {
  const { host, path } = splitHost(name);
  if (!isRepositoryPath(path)) {
    throw refuse(
      text,
      "a repository is 1 to 255 characters of a-z 0-9 _ - . in parts separated by single slashes",
    );
  }
  const registry = host === undefined ? DOCKER_HUB : parseRegistryHost(host);
  return { registry, repository: registry === DOCKER_HUB && !path.includes("/") ? `library/${path}` : path };
};

const splitTag = (text: string, base: string): { name: string; tag: string | undefined } => {
  const colon = base.lastIndexOf(":");
  // A colon before a slash belongs to the port of the host.
  if (colon < 0 || base.includes("/", colon)) return { name: base, tag: undefined };
  const tag = base.slice(colon + 1);
  if (!isTag(tag)) throw refuse(text, "a tag is 1 to 128 characters of A-Z a-z 0-9 _ - .");
  return { name: base.slice(0, colon), tag };
};

const guardScheme = (text: string): void => {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return;
  throw refuse(text, "write it without a scheme such as oci:// or https://");
};

/** Reads a repository without tag or digest: `ghcr.io/org/app`. */
export const parseRepository = (text: string): Repository => {
  guardScheme(text);
  if (text === "") throw refuse(text, "it is empty");
  return parseName(text, text);
};

/**
 * Reads a reference as go-containerregistry does with weak validation (Docker Hub, `library/` and `latest` are
 * filled in), stricter only where a name would change its meaning inside an URL.
 */
export const parseReference = (text: string): Reference => {
  guardScheme(text);
  if (text === "") throw refuse(text, "it is empty");
  const parts = text.split("@");
  if (parts.length > 2) throw refuse(text, "it has more than one '@'");
  const [base = "", digest] = parts;
  const { name, tag } = splitTag(text, base);
  const repository = parseName(text, name);
  if (digest === undefined) return { kind: "tag", ...repository, tag: tag ?? DEFAULT_TAG };
  if (!isDigest(digest)) {
    throw refuse(text, "after '@' comes sha256: with 64, or sha512: with 128, hex digits in lower case");
  }
  return { kind: "digest", ...repository, digest, ...(tag === undefined ? {} : { tag }) };
};

export const formatRepository = ({ registry, repository }: Repository): string => `${registry}/${repository}`;

/** The full name, as go-containerregistry prints it: with a digest the tag is left out. */
export const formatReference = (reference: Reference): string =>
  reference.kind === "digest"
    ? `${formatRepository(reference)}@${reference.digest}`
    : `${formatRepository(reference)}:${reference.tag}`;
