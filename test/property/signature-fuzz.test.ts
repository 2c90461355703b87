import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inputFor, survives, TARGETS } from "./signature-fuzz.ts";

/* Bounded and seeded; `npm run fuzz -- --seconds N` goes on from other seeds. */
describe.each(TARGETS.map((target) => [target.name, target] as const))("the reader of a %s", (_, target) => {
  test("takes what honest signers write", () => {
    for (const seed of target.seeds) expect(() => target.read(seed)).not.toThrow();
  });

  test("answers or refuses, whatever it is given", () => {
    fc.assert(
      fc.property(inputFor(target), (input) => survives(target, input)),
      { numRuns: 1500, seed: 20_261_120, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
    );
  });
});
