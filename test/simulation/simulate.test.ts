import { describe, expect, test } from "vitest";
import type { Verification } from "../../shared/ports.ts";
import type { Plant } from "./runtime.ts";
import { simulate } from "./simulate.ts";

const MOST_SEEDS = 100;

/** The violations that a planted bug causes in the first seed that shows one matching `expected`. */
const violationsOf = async (plant: Plant, expected = /./): Promise<string> => {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const violations = (await simulate(seed, plant)).violations.join("\n");
    if (expected.test(violations)) return violations;
  }
  return "";
};

const VERIFIED: Verification = {
  strict: { verified: true },
  parity: { verified: true },
  differences: [],
  evidence: [],
};

describe("the simulator", () => {
  test("replays a seed exactly", async () => {
    expect(await simulate(7)).toEqual(await simulate(7));
    expect(await simulate(7)).not.toEqual(await simulate(8));
  });

  test("finds an answer before the commit", async () => {
    const violations = await violationsOf({
      queue: (queue) => ({
        ...queue,
        send: async (messages) => {
          queue.send(messages).catch(() => {});
        },
      }),
    });
    expect(violations).toContain("got a 2xx, and no final decision");
  });

  test("finds a delivery before the verdict", async () => {
    const violations = await violationsOf({
      verifier: (verifier) => ({
        verify: async (artifact, rule, signal) => {
          verifier.verify(artifact, rule, signal).catch(() => {});
          return VERIFIED;
        },
      }),
    });
    expect(violations).toContain("unverified");
  });

  test("finds completed work that was not done", async () => {
    const violations = await violationsOf({
      queue: (queue) => ({ ...queue, retry: (received) => queue.complete(received) }),
    });
    expect(violations).not.toBe("");
  });

  test("finds a write that ignores who wrote before", async () => {
    const violations = await violationsOf({
      state: (state) => ({
        ...state,
        commit: async (subscription, _version, change) => {
          const { version } = await state.load(subscription);
          const next = change.next && { ...change.next, version: version + 1 };
          return state.commit(subscription, version, { ...change, ...(next === undefined ? {} : { next }) });
        },
      }),
    });
    expect(violations).not.toBe("");
  });
});
