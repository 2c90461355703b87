import { rollBack } from "../../shared/pipeline/evaluate/rollback.ts";
import { changePolicy, changeSettings, type Policy } from "./policy.ts";
import { type Stage, wire } from "./runtime.ts";

const NEVER_ABORTED = new AbortController().signal;

export interface Operator {
  /** Changes policy and rolls back at moments of the storm. */
  start(stormMs: number): void;
  /** Rolls every object back that Sluice would not take back by itself. */
  rollBackAll(): Promise<void>;
}

/** The people who run the clusters and Sluice. */
export const createOperator = (stage: Stage): Operator => {
  const { scheduler, random, world } = stage;
  const outside = scheduler.spawn();
  const at = (atMs: number, act: () => void): void => {
    void scheduler.sleep(outside, atMs).then(act);
  };

  const tryRollBack = async (subscription: string): Promise<void> => {
    const { deps } = wire(stage, scheduler.spawn());
    try {
      await rollBack(deps, subscription, undefined, { by: "p", why: "w" }, NEVER_ABORTED);
    } catch {
      // Refused, or something was out of reach: the person sees that.
    }
  };

  let endMs = 0;
  const enact = (policy: Policy): void => {
    // Nobody restarts afterwards, and sluice.yaml is read at the start.
    if (scheduler.nowMs() > endMs) return;
    const version = `c${Number(world.policy().version.slice(1)) + 1}`;
    world.enact({ ...policy, version, fromMs: scheduler.nowMs() });
  };

  const change = (): void => {
    const before = world.policy();
    world.enact(changePolicy(random, before, world.published, scheduler.nowMs()));
    if (!random.chance(0.3)) return;
    // Taken back, and made again: a commit that is reverted, two sources that disagree.
    const after = world.policy();
    let atMs = 0;
    for (let turns = random.between(1, 4); turns > 0; turns--) {
      const next = turns % 2 === 0 ? after : before;
      atMs += random.between(500, 20_000);
      at(atMs, () => enact(next));
    }
  };

  return {
    start(stormMs) {
      endMs = scheduler.nowMs() + stormMs;
      if (random.chance(0.5)) {
        for (let count = random.between(1, 5); count > 0; count--) at(random.between(0, stormMs), change);
      }
      // Somebody tries settings, and deploys again and again.
      if (random.chance(0.25)) {
        for (let count = random.between(3, 10); count > 0; count--)
          at(random.between(0, stormMs), () => enact(changeSettings(random, world.policy())));
      }
      if (random.chance(0.4)) {
        for (let count = random.between(1, 6); count > 0; count--) {
          at(random.between(0, stormMs), () => {
            void tryRollBack(random.pick(world.policy().subscriptions).id);
          });
        }
      }
      // Nobody observes for ever; the seeds that do show that nothing leaves then.
      at(stormMs, () => {
        const policy = world.policy();
        if (policy.mode === "enforce" || random.chance(0.2)) return;
        enact({ ...policy, mode: "enforce" });
      });
    },
    async rollBackAll() {
      for (const { id, suspended } of world.policy().subscriptions) if (!suspended) await tryRollBack(id);
    },
  };
};
