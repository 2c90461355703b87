import type { RepositoryName } from "../../shared/artifact/repository.ts";
import type { CatalogView, ReceiverHandling } from "../../shared/pipeline/deps.ts";
import type { Requirement } from "../../shared/pipeline/evaluate/verdict.ts";
import type { Selector, Subscription, VerifyRule } from "../../shared/ports.ts";
import type { FluxReceiver } from "../../shared/receiver.ts";
import type { Seeded } from "./seeded.ts";
import { type PublishedVersion, repositoryKey } from "./version.ts";

/** What the clusters' manifests and sluice.yaml say at one time. */
export interface Policy {
  readonly version: string;
  readonly fromMs: number;
  readonly mode: "observe" | "enforce";
  readonly subscriptions: readonly Subscription[];
  readonly receivers: readonly FluxReceiver[];
  /** Not in the manifests any more; may come back under its name. */
  readonly removed: readonly FluxReceiver[];
  readonly handling: ReceiverHandling;
  /** Repositories that sluice.yaml asks no signature for. */
  readonly unverified: ReadonlySet<string>;
}

const RANGES = [">=1.0.0 <2.0.0", "1.x", "*", ">=0.0.0-0", "~1.2.0", ">=2.0.0"] as const;

const toSelector = (random: Seeded, published: readonly PublishedVersion[]): Selector => {
  const kind = random.fraction();
  if (kind < 0.2) return { kind: "tag", tag: random.pick(["latest", "stable"]) };
  if (kind < 0.25 && published.length > 0) return { kind: "digest", digest: random.pick(published).digest };
  if (kind < 0.3) {
    return { kind: "image-policy", order: { by: "semver", range: random.pick(RANGES) }, exclusions: [] };
  }
  if (kind < 0.35) {
    const order = { by: "alphabetical", order: random.pick(["asc", "desc"] as const) } as const;
    return { kind: "image-policy", order, filter: { pattern: "^1\\." }, exclusions: ["^latest$"] };
  }
  if (kind < 0.4) return { kind: "semver", range: "*", filter: "^v", dialect: "flux" };
  return { kind: "semver", range: random.pick(RANGES), dialect: random.pick(["flux", "flux", "helm-oci"]) };
};

const toRule = (id: string, origin: VerifyRule["origin"]): VerifyRule => ({
  id,
  origin,
  identities: [{ issuer: "^i$", subject: "^s$" }],
  keys: [],
  transparencyLog: "required",
});

const toRules = (random: Seeded): readonly VerifyRule[] => {
  const origin = random.chance(0.5) ? "object" : "sluice";
  const kind = random.fraction();
  if (kind < 0.75) return [toRule("r1", origin)];
  if (kind < 0.85) return [toRule("r2", origin)];
  return kind < 0.95 ? [toRule("r1", origin), toRule("r2", "sluice")] : [];
};

const withSelector = (subscription: Subscription, selector: Selector): Subscription => ({
  ...subscription,
  selector,
  selectorHash: JSON.stringify(selector),
});

const toReceivers = (
  random: Seeded,
  receivers: readonly FluxReceiver[],
  cluster: string,
): readonly string[] => {
  const mine = receivers.filter((receiver) => receiver.cluster === cluster).map(({ id }) => id);
  const kind = random.fraction();
  if (kind < 0.03) return [];
  return kind < 0.4 ? mine : [random.pick(mine)];
};

const createSubscription = (
  random: Seeded,
  index: number,
  repository: RepositoryName,
  receivers: readonly FluxReceiver[],
  published: readonly PublishedVersion[],
): Subscription => {
  const { cluster } = random.pick(receivers);
  const name = `app-${index}`;
  const object = {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "OCIRepository",
    namespace: "apps",
    name,
  };
  const selector = toSelector(random, published);
  return {
    id: `${cluster}/OCIRepository/apps/${name}`,
    cluster,
    object,
    target: object,
    repository,
    selector,
    selectorHash: JSON.stringify(selector),
    rules: toRules(random),
    suspended: random.chance(0.03),
    receivers: toReceivers(random, receivers, cluster),
  };
};

const toHandling = (random: Seeded): ReceiverHandling => ({
  configuration: "c1",
  concurrency: random.pick([1, 1, 3]),
  intervalMs: random.pick([0, 0, 500]),
  ...(random.chance(0.5) ? { confirmation: { withinMs: 20_000, repokes: 2 } } : {}),
});

/** Other lanes, another rate, or another address. */
const changeHandling = (random: Seeded, { configuration, ...rest }: ReceiverHandling): ReceiverHandling => ({
  ...rest,
  concurrency: random.pick([1, 2, 3]),
  intervalMs: random.pick([0, 0, 500]),
  configuration: random.chance(0.5) ? configuration : `${configuration}+`,
});

/** A receiver leaves the manifests with all that names it, or comes back to the objects of its cluster. */
const changeReceivers = (random: Seeded, policy: Policy): Policy => {
  const [back] = policy.removed;
  if (back !== undefined && random.chance(0.6)) {
    return {
      ...policy,
      receivers: [...policy.receivers, back],
      removed: policy.removed.filter((one) => one !== back),
      subscriptions: policy.subscriptions.map((one) =>
        one.cluster === back.cluster ? { ...one, receivers: [...one.receivers, back.id] } : one,
      ),
    };
  }
  const gone = random.pick(policy.receivers);
  // Clusters without any receiver have no objects here.
  if (policy.receivers.filter(({ cluster }) => cluster === gone.cluster).length < 2) return policy;
  return {
    ...policy,
    receivers: policy.receivers.filter((one) => one !== gone),
    removed: [...policy.removed, gone],
    subscriptions: policy.subscriptions.map((one) => ({
      ...one,
      receivers: one.receivers.filter((id) => id !== gone.id),
    })),
  };
};

export const createPolicy = (
  random: Seeded,
  repositories: readonly RepositoryName[],
  published: readonly PublishedVersion[],
  fromMs: number,
): Policy => {
  const receivers = Array.from({ length: random.between(1, 4) }, (_, index) => ({
    id: `cluster-${index >> 1}/flux-system/sluice-${index}`,
    cluster: `cluster-${index >> 1}`,
    namespace: "flux-system",
    name: `sluice-${index}`,
    type: "generic-hmac",
  }));
  return {
    version: "c0",
    fromMs,
    mode: random.chance(0.1) ? "observe" : "enforce",
    receivers,
    removed: [],
    handling: toHandling(random),
    subscriptions: Array.from({ length: random.between(2, 6) }, (_, index) =>
      createSubscription(random, index, random.pick(repositories), receivers, published),
    ),
    unverified: new Set(repositories.filter(() => random.chance(0.3)).map(repositoryKey)),
  };
};

/** Another mode, or another treatment of receivers: instances that run on work by the old one until they restart. */
export const changeSettings = (random: Seeded, policy: Policy): Policy =>
  random.chance(0.5)
    ? { ...policy, mode: policy.mode === "observe" ? "enforce" : "observe" }
    : { ...policy, handling: changeHandling(random, policy.handling) };

/** One commit to the manifests, or to sluice.yaml. */
export const changePolicy = (
  random: Seeded,
  before: Policy,
  published: readonly PublishedVersion[],
  fromMs: number,
): Policy => {
  const version = `c${Number(before.version.slice(1)) + 1}`;
  const policy = { ...before, version, fromMs };
  if (random.chance(0.15)) return changeReceivers(random, policy);
  const kind = random.fraction();
  if (kind < 0.2) return changeSettings(random, policy);
  const target = random.pick(policy.subscriptions);
  const change = (by: (subscription: Subscription) => Subscription): Policy => ({
    ...policy,
    subscriptions: policy.subscriptions.map((one) => (one === target ? by(one) : one)),
  });
  if (kind < 0.3) return change((one) => ({ ...one, suspended: !one.suspended }));
  if (kind < 0.45) return change((one) => withSelector(one, toSelector(random, published)));
  if (kind < 0.6) return change((one) => ({ ...one, rules: toRules(random) }));
  if (kind < 0.75) {
    return change((one) => ({ ...one, receivers: toReceivers(random, policy.receivers, one.cluster) }));
  }
  if (kind < 0.87 && policy.subscriptions.length > 1) {
    return { ...policy, subscriptions: policy.subscriptions.filter((one) => one !== target) };
  }
  const index = random.between(0, 8);
  const added = createSubscription(random, index, target.repository, policy.receivers, published);
  const isKnown = policy.subscriptions.some(({ id }) => id === added.id);
  return isKnown ? policy : { ...policy, subscriptions: [...policy.subscriptions, added] };
};

export const requirementUnder =
  ({ unverified }: Policy) =>
  ({ rules, repository }: Pick<Subscription, "rules" | "repository">): Requirement => {
    if (rules.length > 0) return { kind: "rules", rules };
    return { kind: unverified.has(repositoryKey(repository)) ? "allowed" : "none" };
  };

/** The compiled policy; one object for each policy, as one catalog is in use until it changes. */
export const toCatalog = ({ version, subscriptions, receivers }: Policy): CatalogView => {
  const byId = new Map(subscriptions.map((subscription) => [subscription.id, subscription]));
  return {
    version,
    match: (name) => subscriptions.filter((one) => repositoryKey(one.repository) === repositoryKey(name)),
    subscription: (id) => byId.get(id),
    receiver: (id) => receivers.find((receiver) => receiver.id === id),
    subscriptions: () => subscriptions,
    followersOf: () => [],
  };
};
