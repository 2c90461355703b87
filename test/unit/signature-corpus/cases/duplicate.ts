import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { BUNDLES, type CorpusCase, keyedBy, request, steps } from "../corpus-case.ts";

const duplicateEntry = steps({ entries: (entries) => [...entries, ...entries] });

export const duplicateCases: readonly CorpusCase[] = [
  {
    attackClass: 7,
    name: "the same log entry twice",
    formats: BUNDLES,
    expected: "evidence-duplicated",
    attack: duplicateEntry,
  },
  {
    attackClass: 7,
    name: "the same log entry twice, once under another index",
    formats: ["bundle-rekor1"],
    expected: "evidence-duplicated",
    attack: steps({
      entries: (entries) => [
        ...entries,
        ...entries.map((entry) => ({ ...entry, logIndex: entry.logIndex + 1 })),
      ],
    }),
  },
  {
    attackClass: 7,
    name: "the same timestamp twice",
    formats: BUNDLES,
    expected: "evidence-duplicated",
    setup: request({ timestamp: true }),
    attack: steps({ timestamps: (timestamps) => [...timestamps, ...timestamps] }),
  },
  {
    attackClass: 7,
    name: "keyed, the same log entry twice",
    formats: ["bundle-rekor1"],
    expected: "evidence-duplicated",
    setup: keyedBy(createKeyPair("p256"), "required"),
    attack: duplicateEntry,
  },
  {
    attackClass: 7,
    name: "an entry of an unknown log beside a good one",
    formats: ["bundle-rekor1"],
    expected: "verified",
    attack: steps((_scenario, { foreign }) => ({
      entries: (entries) => [
        ...entries.map((entry) => ({ ...entry, logId: foreign.services.rekorV1.logId })),
        ...entries,
      ],
    })),
  },
];
