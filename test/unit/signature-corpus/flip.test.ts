import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signSct } from "../../../functions/local/playground/sigstore/ct-log.ts";
import type { Steps } from "../../../functions/local/playground/sigstore/steps.ts";
import { withProof } from "./changes.ts";
import { type Format, SIGNED_TIME } from "./corpus-case.ts";
import { toVerdict } from "./run-case.ts";
import { createWorld, toHonestScenario } from "./world.ts";

/*
 * Bits flipped while the evidence is made, so that everything after is consistent with the flip: the log holds the
 * flipped certificate, the authority signed the flipped SCT. What refuses is then the check of those bytes
 * themselves, not the comparison with another copy of them.
 */

const world = createWorld();

const flipAt = (bytes: Uint8Array, fraction: number): Uint8Array => {
  const bit = Math.floor(fraction * bytes.length * 8);
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

interface Place {
  readonly name: string;
  readonly formats: readonly Format[];
  readonly flip: (fraction: number) => Steps;
}

const places: readonly Place[] = [
  { name: "certificate", formats: SIGNED_TIME, flip: (at) => ({ leaf: (leaf) => flipAt(leaf, at) }) },
  {
    name: "SCT",
    formats: ["bundle-rekor1"],
    flip: (at) => ({ scts: (sct, { key }) => [flipAt(signSct(sct, key), at)] }),
  },
  { name: "signature", formats: SIGNED_TIME, flip: (at) => ({ signature: (honest) => flipAt(honest, at) }) },
  {
    name: "promise",
    formats: SIGNED_TIME,
    flip: (at) => ({
      entry: (entry) => ({
        ...entry,
        signedEntryTimestamp: flipAt(entry.signedEntryTimestamp ?? new Uint8Array(), at),
      }),
    }),
  },
  {
    name: "timestamp's imprint",
    formats: ["bundle-rekor2"],
    flip: (at) => ({ token: (token) => ({ ...token, imprint: flipAt(token.imprint, at) }) }),
  },
  {
    name: "checkpoint's root",
    formats: ["bundle-rekor1", "bundle-rekor2"],
    flip: (at) => ({
      entry: (entry) => withProof(entry, (proof) => ({ ...proof, rootHash: flipAt(proof.rootHash, at) })),
    }),
  },
];

const cases = places.flatMap(({ name, formats, flip }) => formats.map((format) => ({ name, format, flip })));

describe("a bit flipped while the evidence is made", () => {
  test.each(cases)("$name [$format]", async ({ format, flip }) => {
    const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fraction, async (at) => {
        const scenario = toHonestScenario(world, format);
        const request = { ...scenario.request, steps: flip(at) };
        expect(await toVerdict({ ...scenario, request })).not.toBe("verified");
      }),
      { numRuns: 40, seed: 20_261_120 },
    );
  });
});
