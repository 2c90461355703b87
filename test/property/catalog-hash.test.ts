import fc from "fast-check";
import { expect, test } from "vitest";
import { hashInSteps, hashText } from "../../shared/policy/catalog/hash.ts";
import { finish } from "../../shared/policy/steps.ts";

test("a hash in steps is that of the whole JSON", () => {
  const entry = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), fc.string());
  fc.assert(
    fc.property(fc.dictionary(fc.string(), entry), (value) => {
      expect(finish(hashInSteps(value))).toBe(hashText(JSON.stringify(value)));
    }),
  );
  const long = { list: Array.from({ length: 5_000 }, (_, at) => ({ at, text: "x".repeat(40) })) };
  expect([...hashInSteps(long)].length).toBeGreaterThan(1);
  expect(finish(hashInSteps(long))).toBe(hashText(JSON.stringify(long)));
});
