import type { ClusterEvent } from "../../shared/cluster-event.ts";
import { compileSelector } from "../../shared/policy/select.ts";
import type { Subscription } from "../../shared/ports.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";
import { repositoryKey } from "./version.ts";
import { isVerified, type World } from "./world.ts";

interface FluxDeps {
  readonly scheduler: Scheduler;
  readonly random: Seeded;
  readonly world: World;
  /** Brings an event to Sluice. */
  readonly tell: (event: ClusterEvent) => Promise<void>;
}

export interface Flux {
  /** Something annotated the object: Flux looks, takes its own pick, and says so. */
  look(cluster: string, object: string): void;
}

const LONGEST_LOOK_MS = 40_000;

/** The controllers in the clusters. They take what they pick themselves, and tell it late, twice, or never. */
export const createFlux = ({ scheduler, random, world, tell }: FluxDeps): Flux => {
  const outside = scheduler.spawn();
  const tells = random.pick([0, 0.5, 0.9]);
  const has = new Map<string, string>();
  let events = 0;

  const toEvent = (
    { id, cluster, target, selector, repository }: Subscription,
    refuses: (digest: string) => boolean,
  ): ClusterEvent | undefined => {
    if (selector.kind === "digest") return undefined;
    const tags = world.tags.get(repositoryKey(repository)) ?? new Map();
    const pick = compileSelector(selector).pick([...tags.keys()]);
    const digest = pick.kind === "picked" ? tags.get(pick.tag) : undefined;
    if (pick.kind !== "picked" || digest === undefined) return undefined;
    const text = `${pick.tag}@${digest}`;
    const refused = refuses(digest);
    // What an object has already is no event.
    if (has.get(id) === text && !refused) return undefined;
    if (!refused) has.set(id, text);
    return {
      key: `event-${events++}`,
      cluster,
      object: target,
      severity: refused ? "error" : "info",
      reason: refused ? "VerificationError" : "NewArtifact",
      message: refused ? "no matching signatures" : `stored artifact for revision '${text}'`,
      timeMs: scheduler.nowMs(),
      ...(refused ? {} : { revision: { text, tag: pick.tag, digest } }),
    };
  };

  const report = async (subscription: Subscription): Promise<void> => {
    await scheduler.sleep(outside, random.between(100, LONGEST_LOOK_MS));
    const policy = world.policy();
    const own = { ...subscription, rules: subscription.rules.filter(({ origin }) => origin === "object") };
    const event = toEvent(
      subscription,
      (digest) =>
        own.rules.length > 0 &&
        !isVerified(world, policy, own, digest as `sha256:${string}`, scheduler.nowMs()),
    );
    if (event === undefined || !random.chance(tells)) return;
    for (let copy = random.chance(0.1) ? 2 : 1; copy > 0; copy--) {
      await scheduler.sleep(outside, random.between(0, 5_000));
      await tell(event);
    }
  };

  return {
    look(cluster, object) {
      for (const subscription of world.policy().subscriptions) {
        const { kind, namespace, name } = subscription.target;
        if (subscription.cluster === cluster && `${kind}/${namespace}/${name}` === object)
          void report(subscription);
      }
    },
  };
};
