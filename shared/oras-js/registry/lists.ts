import { MEDIA_TYPE } from "../descriptor.ts";
import { isDigest } from "../digest.ts";
import { isJsonObject } from "../json.ts";
import type { RegistryContext } from "./context.ts";
import { errorReply, jsonReply, type RegistryRequest, type Reply } from "./reply.ts";
import type { StoredManifest } from "./store.ts";

interface Page {
  readonly entries: readonly string[];
  readonly headers: Record<string, string>;
}

// Names in byte order, those after `last`, at most `n` of them, and a relative link where more follow.
const toPage = (request: RegistryRequest, names: Iterable<string>, pageSize: number): Page | undefined => {
  const asked = request.query.get("n");
  if (asked !== null && !/^\d{1,9}$/.test(asked)) return undefined;
  const size = Math.min(asked === null ? pageSize : Number(asked), pageSize);
  const last = request.query.get("last") ?? "";
  const rest = [...names].sort((a, b) => (a < b ? -1 : 1)).filter((name) => name > last);
  const entries = rest.slice(0, size);
  const end = entries.at(-1);
  if (end === undefined || rest.length <= size) return { entries, headers: {} };
  const link = `<${request.path}?n=${size}&last=${encodeURIComponent(end)}>; rel="next"`;
  return { entries, headers: { link } };
};

const badPage = (): Reply => errorReply(400, "PAGINATION_NUMBER_INVALID", "n is not a number");
const notAllowed = (): Reply => errorReply(405, "UNSUPPORTED", "method not allowed");

export const handleTags = (context: RegistryContext, request: RegistryRequest, repository: string): Reply => {
  if (request.method !== "GET") return notAllowed();
  const stored = context.store.find(repository);
  if (stored === undefined) return errorReply(404, "NAME_UNKNOWN", "repository name not known to registry");
  const page = toPage(request, stored.tags.keys(), context.pageSize);
  return page === undefined
    ? badPage()
    : jsonReply(200, { name: repository, tags: page.entries }, page.headers);
};

export const handleCatalog = ({ store, pageSize }: RegistryContext, request: RegistryRequest): Reply => {
  if (request.method !== "GET") return notAllowed();
  const page = toPage(request, store.repositories.keys(), pageSize);
  return page === undefined ? badPage() : jsonReply(200, { repositories: page.entries }, page.headers);
};

const artifactTypeOf = ({ document }: StoredManifest): string | undefined => {
  const { artifactType, config } = document;
  if (typeof artifactType === "string" && artifactType !== "") return artifactType;
  const configType = isJsonObject(config) ? config.mediaType : undefined;
  return typeof configType === "string" ? configType : undefined;
};

const toReferrer = (manifest: StoredManifest) => {
  const { mediaType, digest, bytes, document } = manifest;
  const artifactType = artifactTypeOf(manifest);
  return {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(isJsonObject(document.annotations) ? { annotations: document.annotations } : {}),
  };
};

export const handleReferrers = (
  { store, referrers, pageSize }: RegistryContext,
  request: RegistryRequest,
  { repository, digest }: { repository: string; digest: string },
): Reply => {
  if (!referrers) return errorReply(404, "NOT_FOUND", "no referrers API");
  if (request.method !== "GET") return notAllowed();
  if (!isDigest(digest)) return errorReply(400, "DIGEST_INVALID", "not a digest");
  const wanted = request.query.getAll("artifactType");
  const all = [...(store.find(repository)?.manifests.values() ?? [])]
    .filter(({ subject }) => subject === digest)
    .map(toReferrer)
    .filter(({ artifactType }) => wanted.length === 0 || wanted.includes(artifactType ?? ""));
  const from = all.findIndex((each) => each.digest === request.query.get("last")) + 1;
  const manifests = all.slice(from, from + pageSize);
  const last = manifests.at(-1);
  const query = new URLSearchParams({ last: last?.digest ?? "" });
  for (const type of wanted) query.append("artifactType", type);
  const hasMore = from + pageSize < all.length;
  return jsonReply(
    200,
    { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests },
    {
      ...(wanted.length === 0 ? {} : { "oci-filters-applied": "artifactType" }),
      ...(hasMore ? { link: `<${request.path}?${query}>; rel="next"` } : {}),
    },
    MEDIA_TYPE.ociIndex,
  );
};
