import { formatRepository, type RepositoryName } from "../../artifact/repository.ts";
import { PipelineError } from "../../errors.ts";
import { compileSelector } from "../../policy/select.ts";
import type { RegistryReader, Subscription } from "../../ports.ts";
import type { Selected } from "./row.ts";

const MAX_TAGS = 1_000_000;
/** Repositories listed at once: enough to be quick, too few to meet a registry's limits. */
const CONCURRENCY = 4;

type Listing = { readonly tags: readonly string[] } | { readonly problem: string };

const listTags = async (
  registry: RegistryReader,
  name: RepositoryName,
  signal: AbortSignal,
): Promise<Listing> => {
  const tags: string[] = [];
  try {
    for await (const tag of registry.listTags(name, signal)) {
      if (tags.push(tag) > MAX_TAGS) return { problem: `more than ${MAX_TAGS} tags` };
    }
    return { tags };
  } catch (error) {
    if (error instanceof PipelineError) return { problem: error.message };
    throw error;
  }
};

const pick = ({ selector }: Subscription, listing: Listing): Selected => {
  if ("problem" in listing) return { kind: "unknown", reason: listing.problem };
  const selection = compileSelector(selector).pick(listing.tags);
  switch (selection.kind) {
    case "picked":
      return { kind: "tag", tag: selection.tag };
    case "none":
      return { kind: "none", reason: selection.reason };
    case "error":
      return { kind: "none", reason: selection.code };
  }
};

/** What each subscription would select now. Every repository is listed once; one out of reach spoils only its own. */
export const selectNow = async (
  subscriptions: readonly Subscription[],
  registry: RegistryReader,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Selected>> => {
  const selected = new Map<string, Selected>();
  const listed: Subscription[] = [];
  for (const subscription of subscriptions) {
    if (subscription.selector.kind !== "digest") listed.push(subscription);
    else selected.set(subscription.id, { kind: "tag", tag: subscription.selector.digest });
  }
  const groups = [...Map.groupBy(listed, ({ repository }) => formatRepository(repository)).values()];
  const workers = Array.from({ length: CONCURRENCY }, async () => {
    for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
      const [first] = group;
      if (first === undefined) continue;
      const listing = await listTags(registry, first.repository, signal);
      for (const subscription of group) selected.set(subscription.id, pick(subscription, listing));
    }
  });
  await Promise.all(workers);
  return selected;
};
