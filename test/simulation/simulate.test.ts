import { describe, expect, test } from "vitest";
import type { Verification } from "../../shared/ports.ts";
import { type Plant, simulate } from "./simulate.ts";

/** The violations that a planted bug causes over a few seeds. */
const violationsOf = async (plant: Plant): Promise<string> => {
  const found: string[] = [];
  for (let seed = 1; seed <= 12; seed++) found.push(...(await simulate(seed, plant)).violations);
  return found.join("\n");
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
