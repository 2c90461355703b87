import { describe, expect, test } from "vitest";
import type { VerifyRule } from "../../../shared/ports.ts";
import { createBench, IDENTITY_RULE, nextArtifact, sign, wordOf } from "./support.ts";

const OTHER_RULE: VerifyRule = {
  ...IDENTITY_RULE,
  id: "other",
  identities: [{ issuer: "^x$", subject: "^x$" }],
};

describe("what is remembered", () => {
  test.each(["bundle-rekor1", "legacy"] as const)(
    "a verdict on %s, so that nothing is fetched twice",
    async (format) => {
      const artifact = nextArtifact();
      const bench = createBench();
      bench.push(sign(artifact, { format }).manifest);
      const first = await bench.verify(artifact, IDENTITY_RULE);
      bench.asked.length = 0;
      expect(await bench.verify(artifact, IDENTITY_RULE)).toEqual(first);
      expect(bench.asked.filter((asked) => asked.startsWith("blob"))).toEqual([]);
    },
  );

  test("only for the same rule", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
    expect(wordOf((await bench.verify(artifact, OTHER_RULE)).strict)).toBe("identity-mismatch");
    // Even a rule that lies about its id has its own verdict.
    const sameId = { ...OTHER_RULE, id: IDENTITY_RULE.id };
    expect(wordOf((await bench.verify(artifact, sameId)).strict)).toBe("identity-mismatch");
  });

  test("a refusal is not: a signature that arrives later is seen", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(sign(artifact, { format: "bundle-rekor1", steps: { entries: () => [] } }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("no-transparency-log");
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
  });
});
