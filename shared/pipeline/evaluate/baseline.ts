import { PipelineError } from "../../errors.ts";
import type { Subscription } from "../../ports.ts";
import type { SubscriptionState, Version } from "../../state.ts";
import { isSameVersion } from "../version.ts";
import { decideBaseline } from "./decide.ts";
import { markListed } from "./listing.ts";
import { type Scope, toDecisionContext } from "./scope.ts";

const MAX_CONFLICTS = 8;

const candidateTags = async (
  scope: Scope,
  { selector, repository }: Subscription,
): Promise<readonly string[]> =>
  // One tag by name needs no listing.
  selector.kind === "tag" ? [selector.tag] : scope.tagsOf(repository);

/** Flux's pick over all tags but `except`, with its digest; undefined when it picks nothing. */
export const pickNow = async (
  scope: Scope,
  subscription: Subscription,
  current: string | undefined,
  except?: string,
): Promise<Version | undefined> => {
  const { selector, repository } = subscription;
  const { registry, selectorOf } = scope.deps;
  if (selector.kind === "digest") {
    const manifest = await registry.fetchManifest({ ...repository, digest: selector.digest }, scope.signal);
    return manifest && { digest: selector.digest };
  }
  const tags = (await candidateTags(scope, subscription)).filter((tag) => tag !== except);
  const pick = selectorOf(selector).pick(tags, current);
  if (pick.kind !== "picked") return undefined;
  const digest = await registry.resolveTag(repository, pick.tag, scope.signal);
  return digest && { tag: pick.tag, digest };
};

const isComparable = (state: SubscriptionState, subscription: Subscription): boolean =>
  state.version > 0 && state.selectorHash === subscription.selectorHash;

const decideFirst = async (
  scope: Scope,
  subscription: Subscription,
  state: SubscriptionState,
  announced?: Version,
) => {
  // What was selected under the manifest before is no news, though it is announced once more.
  const fresh = announced !== undefined && isSameVersion(state.selection, announced) ? undefined : announced;
  const isNews = fresh !== undefined && fresh.tag === undefined;
  const version = isNews ? undefined : await pickNow(scope, subscription, undefined, fresh?.tag);
  const cause = state.version === 0 ? "first-look" : "manifest-changed";
  const decided = decideBaseline(toDecisionContext(scope, subscription), state, version, { cause });
  return isNews ? decided : markListed(subscription, decided, scope.startedAtMs);
};

/** As `ensureBaseline`, but writes nothing. */
export const previewBaseline = async (
  scope: Scope,
  subscription: Subscription,
  announced: Version,
): Promise<SubscriptionState> => {
  const state = await scope.deps.state.load(subscription.id);
  return isComparable(state, subscription)
    ? state
    : (await decideFirst(scope, subscription, state, announced)).next;
};

/**
 * The subscription's state, comparable with its manifest. An unknown subscription, or one whose manifest now
 * selects differently, first records silently what is selected already; `announced` (the push at hand) is
 * left out of that, so that it still counts as news.
 */
export const ensureBaseline = async (
  scope: Scope,
  subscription: Subscription,
  announced?: Version,
): Promise<SubscriptionState> => {
  const { state: store } = scope.deps;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await store.load(subscription.id);
    if (isComparable(state, subscription)) return state;
    const decided = await decideFirst(scope, subscription, state, announced);
    const outcome = await store.commit(subscription.id, state.version, decided);
    if (outcome === "committed") return decided.next;
  }
  throw new PipelineError(`${subscription.id}: too many writers at once`, { code: "STATE_CONFLICT" });
};
