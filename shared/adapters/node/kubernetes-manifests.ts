import { PipelineError } from "../../errors.ts";
import type { ApiAnswer, KubernetesApi } from "./kubernetes-api.ts";
import type { FolderFile } from "./manifest-folder.ts";

/** A kind as the API lists it; the first of `versions` that the cluster serves is read. */
export interface ApiResource {
  readonly group: string;
  readonly plural: string;
  readonly versions: readonly string[];
}

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

type SecretData = Readonly<Record<string, Uint8Array>>;

const PAGE_SIZE = 500;
const MAX_PAGES = 400;
/** What signatures are checked with; nothing else of a Secret is kept. */
const PUBLIC_ENTRY = /(?:\.pub|^trusted_root\.json)$/;

/** What the API server takes as a name. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

const unavailable = (message: string): PipelineError =>
  new PipelineError(message, { code: "CLUSTER_UNAVAILABLE" });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const parseAnswer = ({ bytes }: ApiAnswer, path: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isRecord(value)) return value;
  } catch {
    // Said below, for both.
  }
  throw unavailable(`the cluster's API answers ${path} with something that is no JSON object`);
};

const getObject = async (
  api: KubernetesApi,
  path: string,
  signal: AbortSignal,
): Promise<{ answer: ApiAnswer; object: Readonly<Record<string, unknown>> } | undefined> => {
  const answer = await api.get(path, signal);
  if (answer.status === 404) return undefined;
  if (answer.status === 200) return { answer, object: parseAnswer(answer, path) };
  const hint = answer.status === 403 ? "; allow get and list to Sluice's account" : "";
  throw unavailable(`the cluster's API answers ${path} with ${answer.status}${hint}`);
};

/** `/apis` as group → versions; what is not shaped like that counts as not served. */
const readGroups = async (
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Set<string>>> => {
  const groups = new Map<string, Set<string>>();
  const found = await getObject(api, "/apis", signal);
  const listed = found?.object.groups;
  for (const group of Array.isArray(listed) ? listed : []) {
    if (!isRecord(group) || typeof group.name !== "string" || !Array.isArray(group.versions)) continue;
    const versions = group.versions.filter(isRecord).map(({ version }) => version);
    groups.set(group.name, new Set(versions.filter((version) => typeof version === "string")));
  }
  return groups;
};

const continueToken = ({ metadata }: Readonly<Record<string, unknown>>): string =>
  isRecord(metadata) && typeof metadata.continue === "string" ? metadata.continue : "";

const listPages = async (
  api: KubernetesApi,
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<readonly FolderFile[]> => {
  const pages: FolderFile[] = [];
  let next = "";
  do {
    const query = new URLSearchParams({
      limit: String(PAGE_SIZE),
      ...(next === "" ? {} : { continue: next }),
    });
    const found = await getObject(api, `${path}?${query}`, signal);
    if (found === undefined) return pages;
    if (pages.length >= MAX_PAGES) throw unavailable(`the cluster lists ${name} without end`);
    pages.push({ name: `${name}#${pages.length + 1}`, bytes: found.answer.bytes });
    next = continueToken(found.object);
  } while (next !== "");
  return pages;
};

/** Lists objects of all namespaces, page by page, as files of JSON. Kinds that are not installed are left out. */
export const listKubernetesManifests = async (
  api: KubernetesApi,
  resources: readonly ApiResource[],
  signal: AbortSignal,
): Promise<readonly FolderFile[]> => {
  const groups = await readGroups(api, signal);
  const files: FolderFile[] = [];
  for (const { group, plural, versions } of resources) {
    const version = versions.find((known) => groups.get(group)?.has(known));
    if (version === undefined) continue;
    const path = `/apis/${group}/${version}/${plural}`;
    files.push(...(await listPages(api, path, `${plural}.${group}`, signal)));
  }
  return files;
};

const readSecret = async (
  api: KubernetesApi,
  { namespace, name }: SecretName,
  signal: AbortSignal,
): Promise<SecretData | undefined> => {
  // A manifest may name anything; a path it must not become.
  if (!NAME.test(namespace) || !NAME.test(name)) return undefined;
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const found = await getObject(api, path, signal);
  const data = found?.object.data;
  if (found === undefined) return undefined;
  const entries = Object.entries(isRecord(data) ? data : {})
    .filter((entry): entry is [string, string] => typeof entry[1] === "string" && PUBLIC_ENTRY.test(entry[0]))
    .map(([key, text]): [string, Uint8Array] => [key, Buffer.from(text, "base64")]);
  return Object.fromEntries(entries);
};

/** The public keys and trusted roots of the Secrets that are named, by `<namespace>/<name>`. */
export const readKubernetesSecrets = async (
  api: KubernetesApi,
  names: Iterable<SecretName>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SecretData>> => {
  const secrets = new Map<string, SecretData>();
  for (const secret of names) {
    const data = await readSecret(api, secret, signal);
    if (data !== undefined) secrets.set(`${secret.namespace}/${secret.name}`, data);
  }
  return secrets;
};
