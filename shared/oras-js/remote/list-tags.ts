import type { Repository } from "../descriptor.ts";
import { OrasError } from "../errors.ts";
import { parseObject } from "../json.ts";
import { isTag } from "../name/reference.ts";
import { readBody } from "../transport/body.ts";
import { parseNextLink, resolveNextLink } from "../transport/link.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type CallOptions, type RemoteContext, type Target, toTarget } from "./context.ts";

export interface ListTagsOptions extends CallOptions {
  /** Tags asked for at once. ECR refuses more than 1,000; other registries may give fewer. */
  readonly pageSize?: number;
}

interface TagPage {
  readonly tags: readonly string[];
  readonly next: URL | undefined;
}

const DEFAULT_PAGE_SIZE = 1_000;
const MAX_RESTARTS = 3;

/**
 * Some registries put the last tag into their link as it is. One with `+`, `&` or `#` in it would then name
 * another tag, and the listing would break off there.
 */
export const escapeLastTag = (target: string, lastTag: string | undefined): string => {
  if (lastTag === undefined || encodeURIComponent(lastTag) === lastTag) return target;
  return target.replace(/([?&]last=)(.*)$/s, (whole: string, key: string, rest: string) =>
    rest.startsWith(lastTag) ? `${key}${encodeURIComponent(lastTag)}${rest.slice(lastTag.length)}` : whole,
  );
};

const parseTags = (what: string, bytes: Uint8Array): readonly string[] => {
  const tags: unknown = parseObject(what, bytes, "RESPONSE_MALFORMED").tags ?? [];
  if (!Array.isArray(tags))
    throw new OrasError(`${what}: "tags" is not a list`, { code: "RESPONSE_MALFORMED" });
  return tags.filter((tag) => typeof tag === "string");
};

const fetchPage = (
  context: RemoteContext,
  { access }: Target,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<TagPage | "absent"> =>
  context.transport({ method: "GET", url, access, signal }, async (response, what) => {
    if (response.status === 404) return "absent";
    if (response.status !== 200) throw await toResponseError(what, response, context.nowMs());
    const bytes = await readBody(response, { what, maxBytes: context.limits.tagPageBytes });
    const tags = parseTags(what, bytes);
    const target = parseNextLink(response.headers.get("link"));
    const next = target === undefined ? undefined : resolveNextLink(escapeLastTag(target, tags.at(-1)), url);
    return { tags, next };
  });

/**
 * All tags, page by page, each once. Tags outside the grammar are left out: they cannot be asked for. An unknown
 * repository has none. A listing that cannot be completed ends in an error, never in a shorter list.
 */
export async function* listTags(
  context: RemoteContext,
  repository: Repository,
  { pageSize = DEFAULT_PAGE_SIZE, signal }: ListTagsOptions,
): AsyncGenerator<string, void, undefined> {
  const target = toTarget(context, repository, "pull");
  const first = target.url(`tags/list?n=${pageSize}`);
  const refuse = (why: string, code: "PAGING_REFUSED" | "TOO_LARGE" = "PAGING_REFUSED"): OrasError =>
    new OrasError(`tags of ${repository.registry}/${repository.repository}: ${why}`, { code });

  const given = new Set<string>();
  let visited = new Set<string>();
  let restarts = 0;
  let url = first;
  for (let pages = 0; pages < context.limits.tagPages; pages += 1) {
    visited.add(url.href);
    const page = await fetchPage(context, target, url, signal);
    if (page === "absent") {
      if (visited.size === 1) return;
      // The tag that `last` names was deleted between two pages (zot answers 404 then): start over, skip the known.
      restarts += 1;
      if (restarts > MAX_RESTARTS) throw refuse("its pages keep vanishing");
      visited = new Set();
      url = first;
      continue;
    }
    for (const tag of page.tags) {
      if (given.has(tag) || !isTag(tag)) continue;
      given.add(tag);
      if (given.size > context.limits.tags)
        throw refuse(`more than ${context.limits.tags} of them`, "TOO_LARGE");
      yield tag;
    }
    if (page.next === undefined) return;
    if (visited.has(page.next.href)) throw refuse("the pages lead in a circle");
    url = page.next;
  }
  throw refuse(`more than ${context.limits.tagPages} pages`);
}
