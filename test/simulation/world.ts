import { createHash } from "node:crypto";
import type { Digest } from "../../shared/artifact/digest.ts";
import type { RepositoryName } from "../../shared/artifact/repository.ts";
import type { Subscription } from "../../shared/ports.ts";
import type { FluxReceiver } from "../../shared/receiver.ts";
import type { Seeded } from "./seeded.ts";

/** When a digest's evidence satisfies the rule; undefined: never. */
export interface PublishedVersion {
  readonly repository: RepositoryName;
  readonly tag: string;
  readonly digest: Digest;
  readonly publishedAtMs: number;
  readonly verifiedFromMs: number | undefined;
}

/** The truth of one run, which the pipeline only sees through its ports. */
export interface World {
  readonly repositories: readonly RepositoryName[];
  readonly subscriptions: readonly Subscription[];
  readonly receivers: readonly FluxReceiver[];
  /** Every version ever published, in order. */
  readonly published: PublishedVersion[];
  /** What each repository's tags name now. */
  readonly tags: ReadonlyMap<string, Map<string, Digest>>;
  publish(version: PublishedVersion): void;
  versionOf(digest: Digest): PublishedVersion | undefined;
}

export const repositoryKey = ({ registry, repository }: RepositoryName): string =>
  `${registry}/${repository}`;

const RANGES = [">=1.0.0 <2.0.0", "1.x", "*", ">=0.0.0-0", "~1.2.0", ">=2.0.0"] as const;

const createSubscription = (
  random: Seeded,
  index: number,
  repository: RepositoryName,
  receivers: readonly FluxReceiver[],
): Subscription => {
  const receiver = random.pick(receivers);
  const object = {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "OCIRepository",
    namespace: "apps",
    name: `app-${index}`,
  };
  const selector = random.chance(0.2)
    ? ({ kind: "tag", tag: random.pick(["latest", "stable"]) } as const)
    : ({ kind: "semver", range: random.pick(RANGES), dialect: "flux" } as const);
  const rule = {
    id: "rule",
    origin: random.chance(0.5) ? "object" : "sluice",
    identities: [{ issuer: "^i$", subject: "^s$" }],
    keys: [],
    transparencyLog: "required",
  } as const;
  return {
    id: `${receiver.cluster}/OCIRepository/apps/app-${index}`,
    cluster: receiver.cluster,
    object,
    target: object,
    repository,
    selector,
    selectorHash: JSON.stringify(selector),
    rules: [rule],
    suspended: false,
    receivers: [receiver.id],
  };
};

export const createWorld = (random: Seeded): World => {
  const repositories = Array.from({ length: random.between(1, 3) }, (_, index) => ({
    registry: "registry.test",
    repository: `team/app-${index}`,
  }));
  const receivers = Array.from({ length: random.between(1, 3) }, (_, index) => ({
    id: `cluster-${index}/flux-system/sluice`,
    cluster: `cluster-${index}`,
    namespace: "flux-system",
    name: "sluice",
    type: "generic-hmac",
  }));
  const subscriptions = Array.from({ length: random.between(2, 6) }, (_, index) =>
    createSubscription(random, index, random.pick(repositories), receivers),
  );
  const published: PublishedVersion[] = [];
  const byDigest = new Map<Digest, PublishedVersion>();
  const tags = new Map(repositories.map((name) => [repositoryKey(name), new Map<string, Digest>()]));
  return {
    repositories,
    subscriptions,
    receivers,
    published,
    tags,
    publish(version) {
      published.push(version);
      if (!byDigest.has(version.digest)) byDigest.set(version.digest, version);
      tags.get(repositoryKey(version.repository))?.set(version.tag, version.digest);
    },
    versionOf: (digest) => byDigest.get(digest),
  };
};

export const digestOf = (...parts: readonly (string | number)[]): Digest =>
  `sha256:${createHash("sha256").update(parts.join("/")).digest("hex")}`;
