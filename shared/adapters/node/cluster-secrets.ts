import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PipelineError } from "../../errors.ts";
import type { SecretRef, SecretSource } from "../../ports.ts";

/** Where a cluster's Secrets are kept outside of it: by reference, or as `<folder>/<namespace>/<name>/<key>`. */
export interface ClusterSecretPlaces {
  readonly folder?: string;
  readonly data: ReadonlyMap<string, ReadonlyMap<string, SecretRef>>;
}

type SecretData = Readonly<Record<string, Uint8Array>>;

const listNames = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const message = `secrets folder ${folder} cannot be read (${cause.code ?? "unknown"})`;
    throw new PipelineError(message, { code: "SECRET_UNAVAILABLE", cause });
  });
  // Kubernetes mounts Secrets through `..data` links: the names beside them are what counts.
  return entries.filter(({ name }) => !name.startsWith(".")).map(({ name }) => name);
};

const readFolder = async (
  folder: string,
  source: SecretSource,
  found: Map<string, SecretData>,
): Promise<void> => {
  for (const namespace of await listNames(folder)) {
    for (const name of await listNames(join(folder, namespace))) {
      const data: Record<string, Uint8Array> = {};
      for (const key of await listNames(join(folder, namespace, name))) {
        data[key] = (await source.read({ file: join(folder, namespace, name, key) })).revealBytes();
      }
      found.set(`${namespace}/${name}`, data);
    }
  }
};

/** Reads every Secret a cluster's manifests may name, by `<namespace>/<name>`. Throws `SECRET_UNAVAILABLE`. */
export const readClusterSecrets = async (
  places: ClusterSecretPlaces,
  source: SecretSource,
): Promise<ReadonlyMap<string, SecretData>> => {
  const found = new Map<string, SecretData>();
  if (places.folder !== undefined) await readFolder(places.folder, source, found);
  for (const [secret, refs] of places.data) {
    const data: Record<string, Uint8Array> = { ...found.get(secret) };
    for (const [key, ref] of refs) data[key] = (await source.read(ref)).revealBytes();
    found.set(secret, data);
  }
  return found;
};
