import { isDigest } from "../../shared/artifact/digest.ts";
import { MEDIA_TYPE } from "../../shared/artifact/media-types.ts";
import type { ArtifactName, RepositoryName } from "../../shared/artifact/repository.ts";
import type { RegistryReader } from "../../shared/ports.ts";

/*
 * The reading half of the distribution protocol over any RegistryReader, as a `fetch`. Hostile registries are
 * wrapped around it; what verifies goes through the same client as in production.
 */

const PATH = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/;
const MAX_BLOB_BYTES = 64 * 1024 * 1024;

const notFound = (): Response => new Response('{"errors":[{"code":"NOT_FOUND"}]}', { status: 404 });

const serveManifest = async (
  reader: RegistryReader,
  name: RepositoryName,
  reference: string,
): Promise<Response> => {
  const { signal } = new AbortController();
  const manifest = isDigest(reference)
    ? await reader.fetchManifest({ ...name, digest: reference }, signal)
    : await reader.fetchManifestByTag(name, reference, signal);
  if (manifest === undefined) return notFound();
  return new Response(Buffer.from(manifest.bytes), {
    headers: { "content-type": manifest.mediaType, "docker-content-digest": manifest.digest },
  });
};

const serveBlob = async (reader: RegistryReader, artifact: ArtifactName): Promise<Response> => {
  const bytes = await reader.fetchBlob(artifact, MAX_BLOB_BYTES, new AbortController().signal);
  return bytes === undefined ? notFound() : new Response(Buffer.from(bytes));
};

const serveReferrers = async (reader: RegistryReader, artifact: ArtifactName): Promise<Response> => {
  const manifests = await reader.listReferrers(artifact, new AbortController().signal);
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests };
  return new Response(JSON.stringify(index), { headers: { "content-type": MEDIA_TYPE.ociIndex } });
};

/** Answers as `registry` whatever host is asked: storage behind a redirect holds the same blobs. */
export const toRegistryFetch =
  (reader: RegistryReader, registry: string): typeof globalThis.fetch =>
  async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const [, repository = "", kind, reference = ""] = PATH.exec(decodeURIComponent(url.pathname)) ?? [];
    const name = { registry, repository };
    if (kind === "manifests") return serveManifest(reader, name, reference);
    if (!isDigest(reference)) return notFound();
    return kind === "blobs"
      ? serveBlob(reader, { ...name, digest: reference })
      : serveReferrers(reader, { ...name, digest: reference });
  };
