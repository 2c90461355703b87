import { OrasError, quote } from "../errors.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { DOCKER_HUB } from "../name/registry-host.ts";
import type { Credentials, CredentialsSource } from "./credentials.ts";

export interface DockerConfig {
  readonly credentials: CredentialsSource;
  /** Which helper program the file leaves a registry's login to, where it does. None is ever run. */
  helperOf(registry: string): string | undefined;
}

const LONGEST_FILE = 1_048_576;
const HUB_NAMES: ReadonlySet<string> = new Set([
  "docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com",
]);

const refuse = (why: string): OrasError => new OrasError(`docker config: ${why}`, { code: "CONFIG_INVALID" });

const textOf = (entry: JsonObject, name: string): string | undefined => {
  const value = entry[name];
  return typeof value === "string" && value !== "" ? value : undefined;
};

/**
 * One spelling for the keys of `auths`: `https://index.docker.io/v1/`, `ghcr.io`, `https://ghcr.io/v2/` mean a
 * host; without a scheme a path stays, since some tools keep credentials for each repository.
 */
export const toAuthKey = (key: string): string => {
  const withScheme = /^https?:\/\/(.*)$/is.exec(key.trim());
  const rest = (withScheme?.[1] ?? key.trim()).replace(/\/+$/, "");
  const slash = rest.indexOf("/");
  const host = (slash < 0 ? rest : rest.slice(0, slash)).toLowerCase();
  const path = slash < 0 ? "" : rest.slice(slash + 1);
  const registry = HUB_NAMES.has(host) ? DOCKER_HUB : host;
  const keepsPath = withScheme === null && path !== "" && !/^v[12](?:\/|$)/.test(path);
  return keepsPath ? `${registry}/${path}` : registry;
};

const decodeAuth = (key: string, auth: string): { username: string; password: string } => {
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  // Without the text itself: it is, or nearly is, a password.
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(auth) || colon < 1)
    throw refuse(`auths ${quote(key)}: "auth" is not base64 of user:password`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
};

// The name under which tools store an identity token in the place of a password.
const IDENTITY_USER = "<token>";

const toCredentials = (key: string, entry: JsonObject): Credentials | undefined => {
  const identityToken = textOf(entry, "identitytoken");
  if (identityToken !== undefined) return { identityToken };
  const bearer = textOf(entry, "registrytoken");
  if (bearer !== undefined) return { bearer };
  const auth = textOf(entry, "auth");
  const username = textOf(entry, "username");
  if (auth === undefined && username === undefined) return undefined;
  const found =
    auth === undefined
      ? { username: username ?? "", password: textOf(entry, "password") ?? "" }
      : decodeAuth(key, auth);
  return found.username === IDENTITY_USER ? { identityToken: found.password } : found;
};

const readHelpers = (config: JsonObject): DockerConfig["helperOf"] => {
  const { credHelpers } = config;
  const entries = isJsonObject(credHelpers) ? Object.keys(credHelpers) : [];
  const byKey = new Map(
    entries.map((key) => [toAuthKey(key), isJsonObject(credHelpers) ? textOf(credHelpers, key) : undefined]),
  );
  return (registry) => byKey.get(toAuthKey(registry)) ?? textOf(config, "credsStore");
};

const parse = (text: string): JsonObject => {
  if (text.length > LONGEST_FILE) throw refuse("larger than 1 MiB");
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    config = undefined;
  }
  if (!isJsonObject(config)) throw refuse("not a JSON object");
  return config;
};

// `host/org/app`, `host/org`, `host`: the narrowest entry wins.
const candidatesOf = (registry: string, repository: string): readonly string[] => {
  const parts = repository === "" ? [] : repository.split("/");
  return [...parts.map((_, cut) => [registry, ...parts.slice(0, parts.length - cut)].join("/")), registry];
};

/** Reads the text of a docker `config.json`: `auths` of every spelling, with passwords, identity and registry tokens. */
export const parseDockerConfig = (text: string): DockerConfig => {
  const config = parse(text);
  const auths: unknown = config.auths ?? {};
  if (!isJsonObject(auths)) throw refuse('"auths" is not an object');
  const byKey = new Map<string, Credentials>();
  for (const [key, entry] of Object.entries(auths)) {
    if (!isJsonObject(entry)) throw refuse(`auths ${quote(key)} is not an object`);
    const credentials = toCredentials(key, entry);
    const name = toAuthKey(key);
    // Of two spellings of one host the exact one counts, whichever comes first.
    if (credentials !== undefined && (!byKey.has(name) || name === key)) byKey.set(name, credentials);
  }
  return {
    credentials: (registry, repository) => {
      const key = candidatesOf(toAuthKey(registry), repository).find((candidate) => byKey.has(candidate));
      return key === undefined ? undefined : byKey.get(key);
    },
    helperOf: readHelpers(config),
  };
};
