import { type Client, type Digest, MEDIA_TYPE, OrasError, type Repository, sha256 } from "../../index.ts";

export const repository: Repository = { registry: "registry.example.com", repository: "acme/app" };

export const toBytes = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

const emptyConfig = toBytes("{}");

/** A manifest over one empty config; `extra` makes it differ from others. */
export const toManifest = (extra: Record<string, unknown> = {}) => ({
  mediaType: MEDIA_TYPE.ociManifest,
  bytes: toBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: { mediaType: MEDIA_TYPE.ociEmpty, digest: sha256(emptyConfig), size: emptyConfig.byteLength },
    layers: [],
    ...extra,
  }),
});

export const pushImage = async (
  client: Client,
  tag: string,
  extra: Record<string, unknown> = {},
  into: Repository = repository,
): Promise<Digest> => {
  await client.pushBlob(into, emptyConfig);
  return client.pushManifest(into, toManifest(extra), { tag });
};

/** Pushes something that refers to `subject`. */
export const pushReferrer = (
  client: Client,
  subject: Digest,
  name: string,
  artifactType = "application/x",
): Promise<Digest> =>
  client.pushManifest(
    repository,
    toManifest({
      artifactType,
      annotations: { name },
      subject: { mediaType: MEDIA_TYPE.ociManifest, digest: subject, size: 1 },
    }),
  );

/** The error a promise was rejected with; any other kind of rejection fails the test as it is. */
export const failure = async (work: Promise<unknown>): Promise<OrasError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof OrasError) return error;
    throw error;
  }
  throw new Error("it did not fail");
};
