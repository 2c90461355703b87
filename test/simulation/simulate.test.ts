import { describe, expect, test } from "vitest";
import { BUGS, withoutFreshHints } from "./planted-bugs.ts";
import { DELIVERY_BUGS } from "./planted-deliveries.ts";
import type { Plant } from "./runtime.ts";
import { simulate } from "./simulate.ts";

const MOST_SEEDS = 1_000;

/** The violations that a planted bug causes in the first seed that shows one matching `expected`. */
const violationsOf = async (plant: Plant, expected: RegExp): Promise<string> => {
  const others: string[] = [];
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const violations = (await simulate(seed, plant)).violations.join("\n");
    if (expected.test(violations)) return violations;
    others.push(violations);
  }
  return others.join("\n");
};

describe("the simulator", () => {
  test("replays a seed exactly", async () => {
    expect(await simulate(7)).toEqual(await simulate(7));
    expect(await simulate(7)).not.toEqual(await simulate(8));
  });

  test("finds nothing where all hints are lost: state says what is due", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { violations } = await simulate(seed, { queue: withoutFreshHints });
      expect(violations).toEqual([]);
    }
  });

  test.each([...BUGS, ...DELIVERY_BUGS])("finds %s", { timeout: 300_000 }, async (_name, expected, plant) => {
    expect(await violationsOf(plant, expected)).toMatch(expected);
  });
});
