import { type Descriptor, MEDIA_TYPE, type Repository } from "../descriptor.ts";
import { type Digest, fallbackTagOf } from "../digest.ts";
import { OrasError } from "../errors.ts";
import { readBody } from "../transport/body.ts";
import { parseNextLink, resolveNextLink } from "../transport/link.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type CallOptions, checkDigest, type RemoteContext, type Target, toTarget } from "./context.ts";
import { fetchManifestByTag, toMediaType } from "./fetch-manifest.ts";
import { parseIndex } from "./index-json.ts";

export interface ReferrersOptions extends CallOptions {
  /**
   * Only this type. Not every registry reports types truly, so who must not miss one asks without a filter and
   * looks at the manifests.
   */
  readonly artifactType?: string;
}

interface Page {
  readonly descriptors: readonly Descriptor[];
  readonly filtered: boolean;
  readonly next: URL | undefined;
}

// "Not here" in the ways registries say it: no such end point, or an index could not be had from it.
const NOT_OFFERED: ReadonlySet<number> = new Set([400, 404, 405, 406]);

const fetchPage = (
  context: RemoteContext,
  { access }: Target,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Page | "not-offered"> => {
  const exchange = { method: "GET", url, access, signal, headers: { accept: MEDIA_TYPE.ociIndex } } as const;
  return context.transport(exchange, async (response, what) => {
    const { status, headers } = response;
    if (NOT_OFFERED.has(status)) return "not-offered";
    if (status !== 200) throw await toResponseError(what, response, context.nowMs());
    // A proxy or a web page in the registry's place answers 200 as well.
    if (toMediaType(headers.get("content-type")) !== MEDIA_TYPE.ociIndex) return "not-offered";
    const bytes = await readBody(response, { what, maxBytes: context.limits.manifestBytes });
    const { descriptors } = parseIndex(what, bytes, "RESPONSE_MALFORMED");
    const applied = (headers.get("oci-filters-applied") ?? "").split(",").map((name) => name.trim());
    const target = parseNextLink(headers.get("link"));
    const next = target === undefined ? undefined : resolveNextLink(target, url);
    return { descriptors, filtered: applied.includes("artifactType"), next };
  });
};

const fetchFallback = async (
  context: RemoteContext,
  repository: Repository,
  digest: Digest,
  options: CallOptions,
): Promise<readonly Descriptor[]> => {
  const tag = fallbackTagOf(digest);
  const manifest = await fetchManifestByTag(context, repository, tag, options);
  if (manifest === undefined) return [];
  // Anyone who may push can put anything under this tag; what is no index refers to nothing.
  if (manifest.mediaType !== MEDIA_TYPE.ociIndex) return [];
  return parseIndex(`referrers tag ${tag}`, manifest.bytes, "MANIFEST_INVALID").descriptors;
};

/**
 * What refers to `digest`: by the referrers API over all its pages, or by the fallback tag where the registry
 * has no such API. An unknown repository or subject has no referrers. More than the caps allow is an error, not
 * a shorter list.
 */
export const listReferrers = async (
  context: RemoteContext,
  repository: Repository,
  digest: Digest,
  { artifactType, signal }: ReferrersOptions,
): Promise<readonly Descriptor[]> => {
  const { limits } = context;
  const tooMany = (count: number, of: string): OrasError =>
    new OrasError(`referrers of ${digest}: more than ${count} ${of}`, { code: "TOO_LARGE" });
  const matches = (each: Descriptor): boolean =>
    artifactType === undefined || each.artifactType === artifactType;

  const target = toTarget(context, repository, "pull");
  let url = target.url(`referrers/${checkDigest(digest)}`);
  if (artifactType !== undefined) url.searchParams.set("artifactType", artifactType);
  const found = new Map<Digest, Descriptor>();
  const seen = new Set<string>();
  for (;;) {
    seen.add(url.href);
    const page = await fetchPage(context, target, url, signal);
    if (page === "not-offered") {
      if (seen.size > 1)
        throw new OrasError(`referrers of ${digest}: a page is missing`, { code: "RESPONSE_MALFORMED" });
      const all = await fetchFallback(context, repository, digest, { signal });
      if (all.length > limits.referrers) throw tooMany(limits.referrers, "entries");
      return all.filter(matches);
    }
    for (const each of page.descriptors) if (page.filtered || matches(each)) found.set(each.digest, each);
    if (found.size > limits.referrers) throw tooMany(limits.referrers, "entries");
    if (page.next === undefined) return [...found.values()];
    if (seen.has(page.next.href)) {
      throw new OrasError(`referrers of ${digest}: the pages lead in a circle`, { code: "PAGING_REFUSED" });
    }
    if (seen.size >= limits.referrerPages) throw tooMany(limits.referrerPages, "pages");
    url = page.next;
  }
};
