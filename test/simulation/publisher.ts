import type { Push } from "../../shared/ports.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";
import { digestOf, type PublishedVersion, type World } from "./world.ts";

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

/** People and CI that push, sign late, sign never, move tags; and registries that tell it badly. */
export const createPublisher = ({ scheduler, random, world, intake }: PublisherDeps): Publisher => {
  const outside = scheduler.spawn();
  let events = 0;

  const toTag = (): string => {
    if (random.chance(0.15)) return random.pick(["latest", "stable"]);
    // Versions rise over the run, so that selections keep changing; some are backports.
    const progress = world.published.length / 8;
    const version = `${random.between(0, 2)}.${random.between(0, 2)}.${Math.floor(progress) + random.between(0, 6)}`;
    return random.chance(0.1) ? `${version}-rc.${random.between(1, 3)}` : version;
  };

  const toVersion = (atMs: number): PublishedVersion => {
    const repository = random.pick(world.repositories);
    const tag = toTag();
    const earlier = world.published.filter((one) => one.repository === repository && one.tag === tag);
    // A tag may move back to bytes it named before.
    if (earlier.length > 1 && random.chance(0.3)) return { ...random.pick(earlier), publishedAtMs: atMs };
    const digest = digestOf(repository.repository, tag, world.published.length);
    const signing = random.fraction();
    const verifiedFromMs =
      signing < 0.45 ? 0 : signing < 0.75 ? atMs + random.between(0, 100_000) : undefined;
    return { repository, tag, digest, publishedAtMs: atMs, verifiedFromMs };
  };

  /** A registry's notification: late, doubled, dropped, retried while Sluice does not answer. */
  const announce = (push: Push): void => {
    const copies = random.chance(0.1) ? 0 : random.chance(0.1) ? 2 : 1;
    const event = { ...push, id: `event-${events++}` };
    for (let copy = 0; copy < copies; copy++) {
      void (async () => {
        for (let attempt = 0; attempt < SENDER_TRIES; attempt++) {
          await scheduler.sleep(outside, random.between(0, 8_000));
          if (await intake(event)) return;
        }
      })();
    }
  };

  const publish = (version: PublishedVersion): void => {
    const { repository, tag, digest, verifiedFromMs } = version;
    // Some registries announce a manifest a moment before its tag names it.
    if (random.chance(0.3)) {
      void scheduler.sleep(outside, random.between(1, 400)).then(() => world.publish(version));
    } else world.publish(version);
    announce({ source: "simulated", kind: "artifact", ...repository, tag, digest });
    if (random.chance(0.2)) {
      // An SBOM, or somebody else's signature: evidence that does not satisfy the rule.
      announce({ source: "simulated", kind: "evidence", ...repository, subject: digest });
    }
    if (verifiedFromMs === undefined) return;
    void scheduler.sleep(outside, verifiedFromMs - scheduler.nowMs()).then(() => {
      announce({ source: "simulated", kind: "evidence", ...repository, subject: digest });
    });
  };

  return {
    seedTags() {
      for (let count = random.between(0, 6); count > 0; count--) world.publish(toVersion(scheduler.nowMs()));
    },
    start() {
      const pushes = random.between(20, 120);
      const stormMs = random.between(60_000, 300_000);
      for (let count = 0; count < pushes; count++) {
        void scheduler
          .sleep(outside, random.between(0, stormMs))
          .then(() => publish(toVersion(scheduler.nowMs())));
      }
      return stormMs;
    },
  };
};
