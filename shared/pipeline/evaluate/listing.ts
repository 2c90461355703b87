import { formatRepository } from "../../artifact/repository.ts";
import type { QueuedWork, Subscription } from "../../ports.ts";
import { dueAtMsOf, type SubscriptionState } from "../../state.ts";
import type { SharedDeps } from "../deps.ts";
import type { Decided } from "./decide.ts";
import { clusterVerifies } from "./desired.ts";

/**
 * Where the cluster does not verify, a poke brings whatever Flux picks. Events alone do not tell what that is, since
 * one may be lost: all tags must have been compared not too long ago.
 */
export const isListingStale = (
  { clock, settings }: Pick<SharedDeps, "clock" | "settings">,
  subscription: Subscription,
  { listedAtMs }: SubscriptionState,
): boolean => {
  if (clusterVerifies(subscription) || subscription.selector.kind === "digest") return false;
  // Not known either when the clock was set back since.
  return listedAtMs === undefined || Math.abs(clock.nowMs() - listedAtMs) > settings.tagsMaxAgeMs;
};

const hasDue = ({ outbox }: SubscriptionState): boolean =>
  Object.values(outbox).some((entry) => dueAtMsOf(entry) !== undefined);

/** Whether deliveries wait for a comparison over all tags. */
export const waitsForListing = (
  deps: Pick<SharedDeps, "clock" | "settings">,
  subscription: Subscription,
  state: SubscriptionState,
): boolean => isListingStale(deps, subscription, state) && hasDue(state);

/**
 * Asks for that comparison, once for all objects of the repository. Not as a sweep: a poke waits for it, and is
 * neither queued behind a sweep of everything nor held up by the sweep's budget.
 */
export const hintListing = ({ id, repository }: Subscription): QueuedWork => ({
  id: `evaluate/${formatRepository(repository)}/listing`,
  work: { kind: "evaluate", subscription: id },
});

type Changed = Decided & { readonly next: SubscriptionState };

/** Puts into the row that is about to be written that all tags were compared. */
export const markListed = (subscription: Subscription, decided: Changed, listedAtMs: number): Changed =>
  clusterVerifies(subscription) ? decided : { ...decided, next: { ...decided.next, listedAtMs } };

const hasNext = (decided: Decided | undefined): decided is Changed => decided?.next !== undefined;

/** As `markListed`, with a row of its own where nothing else is written and something waits for the listing. */
export const settleListed = (
  subscription: Subscription,
  state: SubscriptionState,
  decided: Decided | undefined,
  listedAtMs: number,
): Decided | undefined => {
  if (hasNext(decided)) return markListed(subscription, decided, listedAtMs);
  if (clusterVerifies(subscription)) return decided;
  if (!hasDue(state)) return decided;
  return { records: decided?.records ?? [], next: { ...state, version: state.version + 1, listedAtMs } };
};
