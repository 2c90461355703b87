import { PipelineError } from "../../errors.ts";
import type { ObjectRef, Subscription } from "../../ports.ts";
import type { PackedCatalog, PackedSubscription } from "./catalog-schema.ts";
import type { CompiledCatalog } from "./compile-catalog.ts";
import { toSubscriptionId } from "./scope.ts";

/** What a catalog is made of; findings are for people and not part of it. */
export type CatalogContent = Omit<CompiledCatalog, "findings">;

const isSame = (a: ObjectRef, b: ObjectRef): boolean =>
  a.kind === b.kind && a.namespace === b.namespace && a.name === b.name && a.apiVersion === b.apiVersion;

const toPlaces = (items: Iterable<{ readonly id: string }>): ReadonlyMap<string, number> =>
  new Map(Array.from(items, ({ id }, place) => [id, place]));

const placesOf = (ids: readonly string[], places: ReadonlyMap<string, number>): readonly number[] =>
  ids.map((id) => places.get(id)).filter((place) => place !== undefined);

const packSubscription = (
  entry: Subscription,
  rules: ReadonlyMap<string, number>,
  receivers: ReadonlyMap<string, number>,
): PackedSubscription => ({
  cluster: entry.cluster,
  object: entry.object,
  ...(isSame(entry.target, entry.object) ? {} : { target: entry.target }),
  repository: entry.repository,
  selector: entry.selector,
  selectorHash: entry.selectorHash,
  ...(entry.rules.length > 0
    ? {
        rules: placesOf(
          entry.rules.map(({ id }) => id),
          rules,
        ),
      }
    : {}),
  ...(entry.suspended ? { suspended: true } : {}),
  ...(entry.receivers.length > 0 ? { receivers: placesOf(entry.receivers, receivers) } : {}),
});

export const packCatalog = (content: CatalogContent): PackedCatalog => {
  const rules = new Map(content.subscriptions.flatMap((entry) => entry.rules).map((rule) => [rule.id, rule]));
  const rulePlaces = toPlaces(rules.values());
  const receiverPlaces = toPlaces(content.receivers);
  return {
    rules: [...rules.values()],
    receivers: content.receivers,
    subscriptions: content.subscriptions.map((entry) => packSubscription(entry, rulePlaces, receiverPlaces)),
    followers: content.followers,
    alerts: content.alerts,
    trustedRoots: content.trustedRoots,
  };
};

const at = <Item>(items: readonly Item[], place: number): Item => {
  const item = items[place];
  if (item !== undefined) return item;
  throw new PipelineError(`the catalog names entry ${place} of ${items.length}`, { code: "CATALOG_INVALID" });
};

export const unpackCatalog = (packed: PackedCatalog): CatalogContent => ({
  subscriptions: packed.subscriptions.map((entry) => ({
    id: toSubscriptionId(entry.cluster, entry.object),
    cluster: entry.cluster,
    object: entry.object,
    target: entry.target ?? entry.object,
    repository: entry.repository,
    selector: entry.selector,
    selectorHash: entry.selectorHash,
    rules: (entry.rules ?? []).map((place) => at(packed.rules, place)),
    suspended: entry.suspended === true,
    receivers: (entry.receivers ?? []).map((place) => at(packed.receivers, place).id),
  })),
  receivers: packed.receivers,
  followers: packed.followers,
  alerts: packed.alerts,
  trustedRoots: packed.trustedRoots,
});
