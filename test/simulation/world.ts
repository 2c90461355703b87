import type { Digest } from "../../shared/artifact/digest.ts";
import type { RepositoryName } from "../../shared/artifact/repository.ts";
import type { Subscription } from "../../shared/ports.ts";
import { type Policy, requirementUnder } from "./policy.ts";
import type { Seeded } from "./seeded.ts";
import { type PublishedVersion, repositoryKey } from "./version.ts";

/** A tag came to name a digest, or went away. */
interface TagChange {
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest | undefined;
  readonly atMs: number;
}

/** The truth of one run, which the pipeline only sees through its ports. */
export interface World {
  readonly repositories: readonly RepositoryName[];
  /** Every version ever published, in order. */
  readonly published: readonly PublishedVersion[];
  /** What each repository's tags name now. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<string, Digest>>;
  readonly history: readonly TagChange[];
  /** Evidence manifests whose subject only they themselves name. */
  readonly subjects: Map<Digest, Digest>;
  /** All there were, the one in use last. */
  readonly policies: readonly Policy[];
  publish(version: PublishedVersion): void;
  removeTag(repository: RepositoryName, tag: string): void;
  enact(policy: Policy): void;
  /** Some process works under `policy` now. */
  use(policy: Policy): void;
  /** The policies that some process may have worked under between the two times. */
  inUse(fromMs: number, toMs: number): readonly Policy[];
  policy(): Policy;
  versionOf(digest: Digest): PublishedVersion | undefined;
}

export const createWorld = (random: Seeded, nowMs: () => number): World => {
  const repositories = Array.from({ length: random.between(1, 3) }, (_, index) => ({
    registry: "registry.test",
    repository: `team/app-${index}`,
  }));
  const published: PublishedVersion[] = [];
  const byDigest = new Map<Digest, PublishedVersion>();
  const tags = new Map(repositories.map((name) => [repositoryKey(name), new Map<string, Digest>()]));
  const history: TagChange[] = [];
  const policies: Policy[] = [];
  const lastUses = new Map<Policy, number>();
  return {
    repositories,
    published,
    tags,
    history,
    subjects: new Map(),
    policies,
    publish(version) {
      const { digest, tag } = version;
      const repository = repositoryKey(version.repository);
      published.push(version);
      if (!byDigest.has(digest)) byDigest.set(digest, version);
      tags.get(repository)?.set(tag, digest);
      history.push({ repository, tag, digest, atMs: nowMs() });
    },
    removeTag(name, tag) {
      const repository = repositoryKey(name);
      if (tags.get(repository)?.delete(tag) !== true) return;
      history.push({ repository, tag, digest: undefined, atMs: nowMs() });
    },
    enact: (policy) => void policies.push(policy),
    use: (policy) => void lastUses.set(policy, nowMs()),
    inUse: (fromMs, toMs) =>
      policies.filter(
        (policy, index) =>
          policy.fromMs <= toMs &&
          (policies[index + 1] === undefined || (lastUses.get(policy) ?? policy.fromMs) >= fromMs),
      ),
    policy() {
      const policy = policies.at(-1);
      if (policy === undefined) throw new RangeError("no policy yet");
      return policy;
    },
    versionOf: (digest) => byDigest.get(digest),
  };
};

/** Whether the digest satisfies everything that `policy` asks for `subscription` at `atMs`. */
export const isVerified = (
  world: World,
  policy: Policy,
  subscription: Subscription,
  digest: Digest,
  atMs: number,
): boolean => {
  const requirement = requirementUnder(policy)(subscription);
  if (requirement.kind !== "rules") return requirement.kind === "allowed";
  const version = world.versionOf(digest);
  if (version === undefined || version.trait === "oversized") return false;
  return requirement.rules.every(({ id, origin }) => {
    const fromMs = version.signedFromMs[id];
    if (origin === "object" && version.trait === "flux-refuses") return false;
    return fromMs !== undefined && fromMs <= atMs;
  });
};
