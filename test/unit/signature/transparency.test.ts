import { expect, test } from "vitest";
import type { Steps } from "../../../functions/local/playground/sigstore/steps.ts";
import { IDENTITY_RULE, verifyNew, wordOf } from "./support.ts";

/** Entries of a log nobody knows, beside the good one: alike in index or in content, or in neither. */
const beside = (...indices: readonly number[]): Steps => ({
  entries: (entries) => [
    ...entries,
    ...indices.flatMap((logIndex, at) =>
      entries.map((entry) => ({
        ...entry,
        logIndex,
        logId: Buffer.alloc(32, 7),
        body: Buffer.from(JSON.stringify({ at })),
      })),
    ),
  ],
});

test.each([
  ["two entries of one index in one log", [7, 7], "evidence-duplicated"],
  ["two entries of an unknown log", [7, 8], "verified"],
] as const)("%s: %s", async (_, indices, expected) => {
  const { strict } = await verifyNew({ format: "bundle-rekor1", steps: beside(...indices) }, IDENTITY_RULE);
  expect(wordOf(strict)).toBe(expected);
});
