import type { Config } from "../../../shared/config/config.ts";
import type { EndpointSettings } from "../../../shared/config/delivery-settings.ts";
import type { CatalogView } from "../../../shared/pipeline/deps.ts";
import type { Subscription } from "../../../shared/ports.ts";
import type { EndpointReceiver } from "../../../shared/receiver.ts";

/** As receivers know it. */
export const toReceiver = ({ name }: EndpointSettings): EndpointReceiver => ({
  id: `endpoint/${name}`,
  name,
  type: "endpoint",
});

/** Whether an endpoint is one for this cluster's versions of this repository. */
export const hears = (
  { clusters, repositories }: EndpointSettings,
  { cluster, repository }: Pick<Subscription, "cluster" | "repository">,
): boolean =>
  (clusters.length === 0 || clusters.includes(cluster)) &&
  (repositories.length === 0 || repositories.some((glob) => glob.matches(repository)));

/** A catalog whose subscriptions reach sluice.yaml's endpoints as well: told through the same outbox as Receivers. */
const addEndpoints = (catalog: CatalogView, endpoints: readonly EndpointSettings[]): CatalogView => {
  const receivers = new Map(endpoints.map((one) => [`endpoint/${one.name}`, toReceiver(one)]));
  const known = new WeakMap<Subscription, Subscription>();
  const extend = (subscription: Subscription): Subscription => {
    let extended = known.get(subscription);
    if (extended === undefined) {
      const added = endpoints.filter((one) => hears(one, subscription)).map(({ name }) => `endpoint/${name}`);
      extended =
        added.length === 0
          ? subscription
          : { ...subscription, receivers: [...subscription.receivers, ...added] };
      known.set(subscription, extended);
    }
    return extended;
  };
  return {
    version: catalog.version,
    match: (repository) => catalog.match(repository).map(extend),
    subscription: (id) => {
      const found = catalog.subscription(id);
      return found && extend(found);
    },
    *subscriptions() {
      for (const subscription of catalog.subscriptions()) yield extend(subscription);
    },
    receiver: (id) => receivers.get(id) ?? catalog.receiver(id),
    followersOf: (subscription) => catalog.followersOf(subscription),
  };
};

/**
 * The catalog in use with those of sluice.yaml's endpoints that hear of what is to be taken; the same object until the
 * catalog changes.
 */
export const withEndpoints = (config: Config, current: () => CatalogView): (() => CatalogView) => {
  const endpoints = config.endpoints.filter(({ decisions }) => decisions.includes("notify"));
  if (endpoints.length === 0) return current;
  const known = new WeakMap<CatalogView, CatalogView>();
  return () => {
    const catalog = current();
    const extended = known.get(catalog) ?? addEndpoints(catalog, endpoints);
    known.set(catalog, extended);
    return extended;
  };
};
