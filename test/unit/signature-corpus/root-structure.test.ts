import { describe, expect, test } from "vitest";
import { describeHostile, HOSTILE, nodesOf, replaceNode } from "./json-nodes.ts";
import { inOneWord, verifyPublished } from "./run-case.ts";
import { createWorld, toHonestScenario } from "./world.ts";

/*
 * Every node of a trusted root replaced by what nobody writes there: the root is refused whole, or what is left
 * of it does not verify, or the node is one of those that say nothing about trust.
 */

const world = createWorld();
const scenario = toHonestScenario(world, "bundle-rekor1");
const { manifest } = scenario.sigstore.sign({ ...scenario.request, timestamp: true });
const { trustedRoot } = world.sigstore;

/** Nodes on which this verdict does not rest: labels, and services that the evidence does not need. */
const FREE: readonly (readonly [path: RegExp, reason: string])[] = [
  [/\/(?:uri|subject|operator)(?:\/|$)/, "a label for people"],
  [/^tlogs\/1(?:\/|$)/, "the other log; the evidence names this one"],
  [/^timestampAuthorities(?:\/|$)/, "the log's own promise says when"],
  [/^ctlogs\/0\/baseUrl$/, "an address for submitters; the log's id and key are what counts"],
  [
    /^certificateAuthorities\/0\/certChain\/certificates\/1$/,
    "an authority may be trusted without the one above it",
  ],
  [/\/validFor$|\/validFor\/end$/, "an end may be left out"],
];

const verdictOf = (trustedRootJson: string): Promise<string> =>
  inOneWord(verifyPublished({ ...scenario, trustedRootJson }, [manifest]));

describe("trusted root", () => {
  test("verifies as it is", async () => {
    expect(await verdictOf(JSON.stringify(trustedRoot))).toBe("verified");
  });

  test.each(nodesOf(trustedRoot).map((path) => ({ node: path.join("/"), path })))(
    "$node",
    async ({ node, path }) => {
      const isFree = FREE.some(([pattern]) => pattern.test(node));
      const verified: string[] = [];
      for (const value of HOSTILE) {
        const verdict = await verdictOf(JSON.stringify(replaceNode(trustedRoot, path, value)));
        if (verdict === "verified") verified.push(describeHostile(value));
        expect(verdict).not.toMatch(/^throws (?!TRUST_ROOT_INVALID)/);
      }
      if (!isFree) expect(verified).toEqual([]);
    },
  );
});
