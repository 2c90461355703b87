import { formatRepository, type RepositoryName, toRepositoryName } from "../../artifact/repository.ts";
import type { ObjectRef, Subscription } from "../../ports.ts";
import type { FluxReceiver } from "../../receiver.ts";
import { finish, type Steps } from "../steps.ts";
import type { AlertRoute } from "./compile-alerts.ts";
import { hashInSteps } from "./hash.ts";
import { type CatalogContent, packCatalog } from "./pack.ts";

/** A compiled catalog ready for lookups: what a push costs does not grow with the number of subscriptions. */
export interface Catalog {
  /** Hash of the content: equal for equal policy, whenever it was compiled. */
  readonly version: string;
  match(repository: RepositoryName): readonly Subscription[];
  subscription(id: string): Subscription | undefined;
  subscriptions(): Iterable<Subscription>;
  receiver(id: string): FluxReceiver | undefined;
  receivers(): Iterable<FluxReceiver>;
  receiversOf(subscription: Subscription): readonly FluxReceiver[];
  /** Objects that apply what the subscription selects. */
  followersOf(subscription: Subscription): readonly ObjectRef[];
  readonly alerts: readonly AlertRoute[];
  readonly trustedRoots: Readonly<Record<string, string>>;
}

const toVersion = (content: CatalogContent): string => finish(hashInSteps(packCatalog(content)));

const NONE: readonly Subscription[] = [];

/** Indexes a compiled catalog; `version` only where it is known from the file. */
export const createCatalog = (content: CatalogContent, version = toVersion(content)): Catalog => {
  const byRepository = Map.groupBy(content.subscriptions, ({ repository }) => formatRepository(repository));
  const byId = new Map(content.subscriptions.map((subscription) => [subscription.id, subscription]));
  const receivers = new Map(content.receivers.map((receiver) => [receiver.id, receiver]));
  return {
    version,
    // Events may spell Docker Hub's names their own way.
    match: ({ registry, repository }) =>
      byRepository.get(formatRepository(toRepositoryName(registry, repository))) ?? NONE,
    subscription: (id) => byId.get(id),
    subscriptions: () => byId.values(),
    receiver: (id) => receivers.get(id),
    receivers: () => receivers.values(),
    receiversOf: (subscription) =>
      subscription.receivers.flatMap((id) => {
        const receiver = receivers.get(id);
        return receiver === undefined ? [] : [receiver];
      }),
    followersOf: ({ id }) => (Object.hasOwn(content.followers, id) ? (content.followers[id] ?? []) : []),
    alerts: content.alerts,
    trustedRoots: content.trustedRoots,
  };
};

/** As `createCatalog`, for a catalog that was just compiled. */
export function* createCatalogInSteps(content: CatalogContent): Steps<Catalog> {
  const packed = packCatalog(content);
  yield;
  const version = yield* hashInSteps(packed);
  return createCatalog(content, version);
}
