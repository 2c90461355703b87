import type { ClusterEvent } from "../../cluster-event.ts";
import { objectKey } from "../../delivery/change.ts";
import type { ObjectRef, Subscription } from "../../ports.ts";
import type { CatalogView } from "../deps.ts";

/** A subscription that a cluster's event may be about, and the object that reports. */
export interface EventMatch {
  readonly subscription: Subscription;
  /** As the catalog names it: the subscription's own, what is poked for it, or one that applies what it selects. */
  readonly object: ObjectRef;
  readonly role: "own" | "follower";
  /** Whether others apply what it selects: then having it is not yet running it. */
  readonly hasFollowers: boolean;
}

type Index = ReadonlyMap<string, readonly EventMatch[]>;

const keyOf = (cluster: string, object: ObjectRef): string => `${cluster}/${objectKey(object)}`;

const buildIndex = (catalog: CatalogView): Index => {
  const index = new Map<string, EventMatch[]>();
  for (const subscription of catalog.subscriptions()) {
    const { cluster, object, target } = subscription;
    const followers = catalog.followersOf(subscription);
    const hasFollowers = followers.length > 0;
    const add = (named: ObjectRef, role: EventMatch["role"]): void => {
      const key = keyOf(cluster, named);
      const known = index.get(key) ?? [];
      if (known.some((other) => other.subscription === subscription)) return;
      index.set(key, [...known, { subscription, object: named, role, hasFollowers }]);
    };
    add(object, "own");
    add(target, "own");
    for (const follower of followers) add(follower, "follower");
  }
  return index;
};

const indexes = new WeakMap<CatalogView, Index>();

/** The subscriptions that an event may be about. Walks the catalog once, however many events come. */
export const matchEvent = (
  catalog: CatalogView,
  { cluster, object }: ClusterEvent,
): readonly EventMatch[] => {
  let index = indexes.get(catalog);
  if (index === undefined) {
    index = buildIndex(catalog);
    indexes.set(catalog, index);
  }
  return index.get(keyOf(cluster, object)) ?? [];
};
