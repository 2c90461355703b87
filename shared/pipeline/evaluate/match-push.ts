import { type RepositoryName, toRepositoryName } from "../../artifact/repository.ts";
import type { Push, Subscription } from "../../ports.ts";
import type { CatalogView, Log } from "../deps.ts";

/** A push's repository, and those who follow it. */
export interface MatchedPush {
  readonly name: RepositoryName;
  readonly subscriptions: readonly Subscription[];
}

/** Undefined, with a line of the log, for a push that nobody follows; to know it takes the catalog alone. */
export const matchPush = (catalog: CatalogView, push: Push, log: Log): MatchedPush | undefined => {
  if (push.kind === "ignored" || push.registry === undefined || push.repository === undefined)
    return undefined;
  const name = toRepositoryName(push.registry, push.repository);
  const subscriptions = catalog.match(name);
  // Most pushes to a shared registry: no mark is left for each, since looking again costs nothing.
  if (subscriptions.length > 0) return { name, subscriptions };
  log("push-unmatched", { source: push.source, ...name, tag: push.tag });
  return undefined;
};
