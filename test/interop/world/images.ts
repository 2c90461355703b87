import { createHash } from "node:crypto";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";

/** What a registry now holds: `<host>/<repository>@<digest>`. */
export interface PushedImage {
  readonly host: string;
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  /** By digest, as cosign takes it. */
  readonly reference: string;
}

export interface Content {
  readonly digest: string;
  readonly size: number;
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const expectStatus = async (response: Response, wanted: readonly number[]): Promise<Response> => {
  if (wanted.includes(response.status)) return response;
  throw new Error(`${response.url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
};

export const pushBlob = async (host: string, repository: string, bytes: Buffer): Promise<Content> => {
  const digest = digestOf(bytes);
  const started = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  await expectStatus(started, [202]);
  const target = new URL(started.headers.get("location") ?? "", `http://${host}`);
  target.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  await expectStatus(await fetch(target, { method: "PUT", headers, body: new Uint8Array(bytes) }), [201]);
  return { digest, size: bytes.length };
};

export const pushManifest = async (
  host: string,
  repository: string,
  reference: string | undefined,
  manifest: { readonly mediaType: string; readonly [field: string]: unknown },
): Promise<PushedImage> => {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(bytes);
  const url = `http://${host}/v2/${repository}/manifests/${reference ?? digest}`;
  const headers = { "content-type": manifest.mediaType };
  await expectStatus(await fetch(url, { method: "PUT", headers, body: new Uint8Array(bytes) }), [201]);
  const { mediaType } = manifest;
  return {
    host,
    repository,
    digest,
    mediaType,
    size: bytes.length,
    reference: `${host}/${repository}@${digest}`,
  };
};

export interface StoredManifest {
  readonly mediaType: string;
  readonly subject?: Content & { readonly mediaType: string };
  readonly manifests?: readonly (Content & { readonly mediaType: string })[];
  readonly layers?: readonly (Content & { readonly annotations?: Readonly<Record<string, string>> })[];
  readonly [field: string]: unknown;
}

/** A manifest as the registry has it, by tag or digest. */
export const readManifest = async (
  host: string,
  repository: string,
  reference: string,
): Promise<StoredManifest> => {
  const headers = { accept: `${MANIFEST}, ${INDEX}` };
  const response = await fetch(`http://${host}/v2/${repository}/manifests/${reference}`, { headers });
  await expectStatus(response, [200]);
  const manifest = (await response.json()) as StoredManifest;
  return { ...manifest, mediaType: manifest.mediaType ?? response.headers.get("content-type") ?? "" };
};

export const readBlob = async (host: string, repository: string, digest: string): Promise<Buffer> => {
  const response = await fetch(`http://${host}/v2/${repository}/blobs/${digest}`);
  return Buffer.from(await (await expectStatus(response, [200])).arrayBuffer());
};

export interface ImageOptions {
  readonly host: string;
  readonly repository: string;
  /** Absent: pushed by digest alone. */
  readonly tag?: string;
  /** Different text, different digest. */
  readonly text: string;
  readonly architecture?: string;
}

/** Pushes a small OCI image by plain HTTP. */
export const pushImage = async (options: ImageOptions): Promise<PushedImage> => {
  const { host, repository, tag, text } = options;
  const layerBytes = Buffer.from(`layer ${text}`);
  const config = {
    architecture: options.architecture ?? "amd64",
    os: "linux",
    config: { Labels: { text } },
    rootfs: { type: "layers", diff_ids: [digestOf(layerBytes)] },
  };
  const [configBlob, layerBlob] = [
    await pushBlob(host, repository, Buffer.from(JSON.stringify(config))),
    await pushBlob(host, repository, layerBytes),
  ];
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, ...configBlob },
    layers: [{ mediaType: LAYER, ...layerBlob }],
  };
  return pushManifest(host, repository, tag, manifest);
};

export interface PushedIndex extends PushedImage {
  readonly platforms: readonly PushedImage[];
}

/** Pushes a multi-arch image: an index over one small image per architecture. */
export const pushIndex = async (options: Omit<ImageOptions, "architecture">): Promise<PushedIndex> => {
  const { host, repository, tag, text } = options;
  const platforms: PushedImage[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    platforms.push(await pushImage({ host, repository, text: `${text} ${architecture}`, architecture }));
  }
  const manifests = platforms.map(({ mediaType, digest, size }, at) => ({
    mediaType,
    digest,
    size,
    platform: { os: "linux", architecture: ["amd64", "arm64"][at] },
  }));
  const index = { schemaVersion: 2, mediaType: INDEX, manifests };
  return { ...(await pushManifest(host, repository, tag, index)), platforms };
};

/** The tags of a repository, unpaged: worlds are small. */
export const listTags = async (host: string, repository: string): Promise<readonly string[]> => {
  const response = await expectStatus(await fetch(`http://${host}/v2/${repository}/tags/list`), [200]);
  const { tags } = (await response.json()) as { tags: readonly string[] | null };
  return tags ?? [];
};

/** The tag goes, what it named stays. */
export const removeTag = async (host: string, repository: string, tag: string): Promise<void> => {
  const response = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { method: "DELETE" });
  if (!response.ok) throw new Error(`${repository}:${tag} could not be removed: ${response.status}`);
};
