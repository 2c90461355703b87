import type { Digest } from "../../shared/artifact/digest.ts";
import type { RepositoryName } from "../../shared/artifact/repository.ts";
import type { Push } from "../../shared/ports.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";
import { digestOf, type PublishedVersion, repositoryKey } from "./version.ts";
import type { World } from "./world.ts";

interface PublisherDeps {
  readonly scheduler: Scheduler;
  readonly random: Seeded;
  readonly world: World;
  /** Answers whether the sender got a 2xx. */
  readonly intake: (push: Push) => Promise<boolean>;
}

export interface Publisher {
  /** Versions that are there before Sluice is. */
  seedTags(): void;
  /** Starts the storm and returns how long it lasts. */
  start(): number;
}

const SENDER_TRIES = 3;
const LONGEST_LATE_SIGNATURE_MS = 200_000;

/** What a registry tells of what happens in it. */
interface Habits {
  readonly tellsDigest: boolean;
  readonly tellsEvidence: "with-subject" | "by-digest" | "never";
  readonly dropped: number;
}

/** People and CI that push, sign late, sign never, move and delete tags; registries that tell it badly; liars. */
export const createPublisher = ({ scheduler, random, world, intake }: PublisherDeps): Publisher => {
  const outside = scheduler.spawn();
  const deletes = random.chance(0.5);
  let events = 0;
  const habits = new Map<string, Habits>(
    world.repositories.map((name) => [
      repositoryKey(name),
      {
        tellsDigest: random.chance(0.75),
        tellsEvidence: random.pick(["with-subject", "with-subject", "by-digest", "never"] as const),
        dropped: random.pick([0, 0.1, 0.3]),
      },
    ]),
  );
  const habitsOf = (name: RepositoryName): Habits => {
    const found = habits.get(repositoryKey(name));
    if (found === undefined) throw new RangeError("no such repository");
    return found;
  };

  const toTag = (): string => {
    if (random.chance(0.15)) return random.pick(["latest", "stable"]);
    // Versions rise over the run, so that selections keep changing; some are backports.
    const progress = world.published.length / 8;
    const version = `${random.between(0, 2)}.${random.between(0, 2)}.${Math.floor(progress) + random.between(0, 6)}`;
    if (random.chance(0.1)) return `${version}-rc.${random.between(1, 3)}`;
    return random.chance(0.1) ? `v${version}` : version;
  };

  const toSignedFrom = (atMs: number): PublishedVersion["signedFromMs"] => {
    const signing = random.fraction();
    if (signing < 0.2) return {};
    const when = (): number => (signing < 0.7 ? 0 : atMs + random.between(0, LONGEST_LATE_SIGNATURE_MS));
    const both = random.chance(0.5);
    if (both) return { r1: when(), r2: when() };
    return random.chance(0.85) ? { r1: when() } : { r2: when() };
  };

  const toVersion = (atMs: number): PublishedVersion => {
    const repository = random.pick(world.repositories);
    const tag = toTag();
    const earlier = world.published.filter((one) => one.repository === repository && one.tag === tag);
    // A tag may move back to bytes it named before.
    if (earlier.length > 1 && random.chance(0.3)) return random.pick(earlier);
    const digest = digestOf(repository.repository, tag, world.published.length);
    const trait = random.fraction();
    return {
      repository,
      tag,
      digest,
      signedFromMs: toSignedFrom(atMs),
      trait: trait < 0.03 ? "oversized" : trait < 0.07 ? "flux-refuses" : "plain",
    };
  };

  /** A registry's notification: late, doubled, dropped, retried while Sluice does not answer. */
  const announce = (push: Push, dropped: number): void => {
    const copies = random.chance(dropped) ? 0 : random.chance(0.1) ? 2 : 1;
    const event = random.chance(0.85) ? { ...push, id: `event-${events++}` } : push;
    for (let copy = 0; copy < copies; copy++) {
      void (async () => {
        for (let attempt = 0; attempt < SENDER_TRIES; attempt++) {
          await scheduler.sleep(outside, random.between(0, 8_000));
          if (await intake(event)) return;
        }
      })();
    }
  };

  const announceEvidence = (repository: RepositoryName, subject: Digest): void => {
    const { tellsEvidence, dropped } = habitsOf(repository);
    const base = { source: "simulated", ...repository } as const;
    if (tellsEvidence === "never") return;
    if (tellsEvidence === "with-subject") {
      announce({ ...base, kind: "evidence", subject }, dropped);
      return;
    }
    const digest = digestOf("evidence", subject, events);
    world.subjects.set(digest, subject);
    announce({ ...base, kind: "artifact", digest }, dropped);
  };

  const publish = (version: PublishedVersion): void => {
    const { repository, tag, digest, signedFromMs } = version;
    const { tellsDigest, dropped } = habitsOf(repository);
    // Some registries announce a manifest a moment before its tag names it.
    if (random.chance(0.3)) {
      void scheduler.sleep(outside, random.between(1, 400)).then(() => world.publish(version));
    } else world.publish(version);
    const told = tellsDigest ? { digest } : {};
    announce({ source: "simulated", kind: "artifact", ...repository, tag, ...told }, dropped);
    // An SBOM, or somebody else's signature: evidence that does not satisfy the rule.
    if (random.chance(0.2)) announceEvidence(repository, digest);
    for (const fromMs of new Set(Object.values(signedFromMs))) {
      void scheduler.sleep(outside, fromMs - scheduler.nowMs()).then(() => {
        announceEvidence(repository, digest);
      });
    }
  };

  const deleteTag = (): void => {
    const repository = random.pick(world.repositories);
    const tags = [...(world.tags.get(repositoryKey(repository))?.keys() ?? [])];
    if (tags.length === 0) return;
    // Mostly what was pushed last: somebody takes back a mistake.
    const recent = random.chance(0.7) ? tags.slice(-3) : tags;
    world.removeTag(repository, random.pick(recent));
  };

  /** Who knows a source's secret, or found a path that needs none, can say anything. */
  const lie = (): void => {
    const repository = random.pick(world.repositories);
    const base = { source: "simulated", ...repository } as const;
    const digest = digestOf("never pushed", events);
    const known = world.published.length > 0 ? random.pick(world.published) : undefined;
    announce(
      random.pick<Push>([
        { ...base, kind: "artifact", tag: "99.0.0", digest },
        { ...base, kind: "artifact", tag: known?.tag ?? "1.0.0", digest },
        { ...base, kind: "artifact", digest },
        { ...base, kind: "evidence", subject: known?.digest ?? digest },
        { ...base, kind: "artifact", repository: "team/unknown", tag: "1.0.0", digest },
      ]),
      0,
    );
  };

  /** What was deleted comes back under its tag: built again, other bytes. */
  const recreate = (): void => {
    const known = random.pick(world.published);
    world.removeTag(known.repository, known.tag);
    const atMs = scheduler.nowMs();
    const { repository, tag } = known;
    const digest = digestOf(repository.repository, tag, "again", events++);
    void scheduler.sleep(outside, random.between(0, 20_000)).then(() => {
      publish({ repository, tag, digest, signedFromMs: toSignedFrom(atMs), trait: "plain" });
    });
  };

  /** A release of several images at once. */
  const burst = (): void => {
    for (let count = random.between(2, 5); count > 0; count--) {
      void scheduler.sleep(outside, random.between(0, 200)).then(() => publish(toVersion(scheduler.nowMs())));
    }
  };

  const act = (): void => {
    const kind = random.fraction();
    if (kind < 0.05) lie();
    else if (kind > 0.97) burst();
    else if (kind > 0.95 && deletes && world.published.length > 0) recreate();
    else if (kind < 0.12 && deletes) deleteTag();
    else publish(toVersion(scheduler.nowMs()));
  };

  return {
    seedTags() {
      for (let count = random.between(0, 6); count > 0; count--) world.publish(toVersion(scheduler.nowMs()));
    },
    start() {
      const acts = random.between(15, 80);
      const stormMs = random.between(40_000, 240_000);
      for (let count = 0; count < acts; count++) {
        void scheduler.sleep(outside, random.between(0, stormMs)).then(act);
      }
      return stormMs;
    },
  };
};
