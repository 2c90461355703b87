import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import type { Steps } from "../../../functions/local/playground/sigstore/steps.ts";
import type { Verification } from "../../../shared/ports.ts";
import { CASES } from "../signature-corpus/cases.ts";
import { replaceExtension } from "../signature-corpus/changes.ts";
import { expectedFor, type Format } from "../signature-corpus/corpus-case.ts";
import { editAnnotation, remove, tamper } from "../signature-corpus/edit.ts";
import { toAttacked, verifyPublished } from "../signature-corpus/run-case.ts";
import { OBJECT_RULE, verifyNew, wordOf, world } from "./support.ts";

const LEGACY = { format: "legacy" } as const;
const STAMPED = { format: "bundle-rekor1", timestamp: true } as const;

/** The corpus's cases again, now under a `verify` of Flux's own: what is accepted here and refused there. */
const FLUX_ALONE_REFUSES: Readonly<Record<string, Partial<Record<Format, string>>>> = {
  "cosignature of a witness beside the log's": { "bundle-rekor1": "flux-checkpoint-cosigned" },
  "cosignature of a witness before the log's": { "bundle-rekor1": "flux-checkpoint-cosigned" },
  "integratedTime edited, promise removed, timestamp from now": { "bundle-rekor1": "flux-log-time" },
  "chain annotation is garbage; it is no trust": { legacy: "flux-chain-unreadable" },
  "only the coded issuer": { legacy: "flux-issuer" },
  "second of two identities matches": {
    "bundle-rekor1": "flux-multiple-identities",
    "bundle-rekor2": "flux-multiple-identities",
  },
  "good legacy signature beside a bundle that is broken": { legacy: "flux-bundle-first" },
};

const accepted = CASES.flatMap((corpusCase) =>
  corpusCase.formats
    .filter((format) => expectedFor(corpusCase, format) === "verified")
    .map((format) => ({ corpusCase, format, name: corpusCase.name })),
);

const judge = async ({ corpusCase, format }: (typeof accepted)[number]): Promise<Verification> => {
  const scenario = toAttacked(world, corpusCase, format);
  const asked = { ...scenario, rule: { ...scenario.rule, origin: "object" as const } };
  const evidence = asked.sigstore.sign(asked.request);
  return verifyPublished(asked, asked.publish(evidence, asked.request));
};

describe("what is accepted here", () => {
  test.each(accepted)("$name [$format]", async (run) => {
    const { strict, parity, differences } = await judge(run);
    const reason = FLUX_ALONE_REFUSES[run.name]?.[run.format];
    expect(wordOf(strict)).toBe("verified");
    expect(wordOf(parity)).toBe(reason ?? "verified");
    expect(differences).toHaveLength(reason === undefined ? 0 : 1);
  });
});

const ENTRY = ["verificationMaterial", "tlogEntries", 0];
const chainOf = (change: (chain: string) => string) =>
  tamper({ layer: (layer) => editAnnotation(layer, "chain", change) });
const bundleOf = (change: (bundle: JsonObject) => Json) => tamper({ bundle: change });

/** Each kind of refusal beside the nearest evidence that is not refused. */
describe("what Flux alone refuses, at its edges", () => {
  test.each([
    ["chain of text before its certificates", LEGACY, chainOf((chain) => `text\n${chain}`), "verified"],
    ["chain with blank lines after it", LEGACY, chainOf((chain) => `${chain}\n \n`), "verified"],
    [
      "chain of a block without an end, and blanks",
      LEGACY,
      chainOf(() => `-----BEGIN CERTIFICATE-----\n${" ".repeat(400_000)}`),
      "flux-chain-unreadable",
    ],
    ["chain that is blank", LEGACY, chainOf(() => " \n"), "verified"],
    ["chain with text after it", LEGACY, chainOf((chain) => `${chain}text`), "flux-chain-unreadable"],
    [
      "chain of a block that is no certificate",
      LEGACY,
      chainOf(() => "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
      "flux-chain-unreadable",
    ],
    [
      "time that nobody signed, inside the certificate's validity, timestamp beside it",
      STAMPED,
      bundleOf((bundle) => remove(bundle, [...ENTRY, "inclusionPromise"])),
      "flux-log-time",
    ],
    [
      "no time and no promise, timestamp beside it",
      STAMPED,
      bundleOf((bundle) =>
        remove(remove(bundle, [...ENTRY, "inclusionPromise"]), [...ENTRY, "integratedTime"]),
      ),
      "verified",
    ],
  ] as const)("%s", async (_, request, steps, expected) => {
    const { strict, parity } = await verifyNew({ ...request, steps }, OBJECT_RULE);
    expect(wordOf(strict)).toBe("verified");
    expect(wordOf(parity)).toBe(expected);
  });

  test("a pattern that matches an empty issuer needs no raw extension", async () => {
    const RAW = "1.3.6.1.4.1.57264.1.1";
    const steps: Steps = { leafFields: (fields) => replaceExtension(fields, RAW) };
    const identities = OBJECT_RULE.identities.map((identity) => ({ ...identity, issuer: ".*" }));
    const { parity } = await verifyNew({ ...LEGACY, steps }, { ...OBJECT_RULE, identities });
    expect(wordOf(parity)).toBe("verified");
  });
});
