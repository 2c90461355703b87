import type { PushableManifest } from "../../functions/local/playground/sigstore/oci.ts";

const put = async (url: string, body: Uint8Array, mediaType: string): Promise<void> => {
  const headers = { "content-type": mediaType };
  const response = await fetch(url, { method: "PUT", body: Buffer.from(body), headers });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  await response.body?.cancel();
};

const pushBlob = async (base: string, digest: string, bytes: Uint8Array): Promise<void> => {
  const started = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  const location = new URL(started.headers.get("location") ?? "", base);
  location.searchParams.set("digest", digest);
  await put(`${location}`, bytes, "application/octet-stream");
};

type Pushed = Pick<PushableManifest, "digest" | "bytes" | "mediaType"> &
  Partial<Pick<PushableManifest, "tag" | "blobs">>;

/** Pushes over HTTP, as any client would; `base` is `http://<host>/v2/<repository>`. */
export const publishToRegistry = async (base: string, manifest: Pushed): Promise<void> => {
  const { digest, bytes, mediaType, tag = digest, blobs = [] } = manifest;
  for (const blob of blobs) await pushBlob(base, blob.digest, blob.bytes);
  await put(`${base}/manifests/${tag}`, bytes, mediaType);
};
