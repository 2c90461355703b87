import { describe, expect, test } from "vitest";
import type { Steps } from "../../../functions/local/playground/sigstore/steps.ts";
import type { VerifyRule } from "../../../shared/ports.ts";
import { DIFFERENCES } from "../../../shared/signature/differences.ts";
import {
  createBench,
  createKeyPair,
  IDENTITY_RULE,
  nextArtifact,
  OBJECT_RULE,
  sign,
  verifyNew,
  wordOf,
} from "./support.ts";

const [IDENTITY] = OBJECT_RULE.identities;
if (IDENTITY === undefined) throw new Error("no identity");
const OTHER = { issuer: "^https://issuer\\.example$", subject: "^nobody$" };

const words = async (request: Parameters<typeof verifyNew>[0], rule: VerifyRule) => {
  const { strict, parity, differences } = await verifyNew(request, rule);
  return { strict: wordOf(strict), parity: wordOf(parity), differences };
};

const BUNDLE = { format: "bundle-rekor1" } as const;
const LEGACY = { format: "legacy" } as const;
const VERIFIED = { strict: "verified", parity: "verified", differences: [] };

describe("both verdicts, and the name of what sets them apart", () => {
  test.each([
    ["a bundle", BUNDLE, {}, VERIFIED],
    ["an older signature", LEGACY, {}, VERIFIED],
    [
      "several identities and a bundle",
      BUNDLE,
      { identities: [OTHER, IDENTITY] },
      { strict: "verified", parity: "flux-multiple-identities", differences: ["D1-multiple-identities"] },
    ],
    ["several identities and an older signature", LEGACY, { identities: [OTHER, IDENTITY] }, VERIFIED],
    [
      "an attestation in place of a signature",
      { ...BUNDLE, predicateType: "https://slsa.dev/provenance/v1" },
      {},
      { strict: "predicate-type-mismatch", parity: "verified", differences: ["D3-predicate-type"] },
    ],
    [
      "no identities and an older signature",
      LEGACY,
      { identities: [] },
      { strict: "rule-empty", parity: "verified", differences: ["D4-no-identities"] },
    ],
    [
      "no identities and a bundle",
      BUNDLE,
      { identities: [] },
      { strict: "rule-empty", parity: "flux-rule-refused", differences: [] },
    ],
    [
      "an empty pattern and an older signature",
      LEGACY,
      { identities: [{ issuer: "", subject: IDENTITY.subject }] },
      { strict: "rule-pattern-empty", parity: "verified", differences: ["D7-empty-pattern"] },
    ],
    [
      "an empty pattern and a bundle",
      BUNDLE,
      { identities: [{ issuer: IDENTITY.issuer, subject: "" }] },
      { strict: "rule-pattern-empty", parity: "flux-rule-refused", differences: [] },
    ],
    [
      "a timestamp in place of the log",
      { ...LEGACY, log: false, timestamp: true },
      { transparencyLog: "timestamp" },
      { strict: "verified", parity: "flux-log-required", differences: ["D9-log-optional"] },
    ],
    [
      "claims that do not hold",
      BUNDLE,
      { identities: [{ ...IDENTITY, claims: { sourceRepositoryURI: "^https://github\\.com/other/" } }] },
      { strict: "claim-mismatch", parity: "verified", differences: ["D12-claims"] },
    ],
    [
      "a signature kept as a referrer of the older kind",
      { format: "legacy-referrer" },
      {},
      { strict: "verified", parity: "unsigned", differences: ["D14-storage"] },
    ],
    [
      "a pattern that no side can compile",
      BUNDLE,
      { identities: [{ issuer: "(?=x)", subject: "x" }] },
      { strict: "rule-pattern-invalid", parity: "flux-rule-refused", differences: [] },
    ],
    [
      "another identity",
      BUNDLE,
      { identities: [OTHER] },
      { strict: "identity-mismatch", parity: "identity-mismatch", differences: [] },
    ],
  ] as const)("%s", async (_, request, rule, expected) => {
    expect(await words(request, { ...OBJECT_RULE, ...rule } as VerifyRule)).toEqual(expected);
  });

  test("a payload that does not call itself a signature", async () => {
    const steps: Steps = {
      payload: (payload) => ({
        ...payload,
        critical: { ...(payload.critical as object), type: "something else" },
      }),
    };
    expect(await words({ ...LEGACY, steps }, OBJECT_RULE)).toEqual({
      strict: "payload-type-mismatch",
      parity: "verified",
      differences: ["D11-payload-type"],
    });
  });

  test("Flux judges only rules that are its own", async () => {
    const rule = { ...IDENTITY_RULE, identities: [OTHER, IDENTITY] };
    expect(await words(BUNDLE, rule)).toEqual(VERIFIED);
  });

  test("keys: Flux asks for no log and takes any statement", async () => {
    const key = createKeyPair("p256");
    const rule: VerifyRule = {
      ...OBJECT_RULE,
      identities: [],
      keys: [key.publicPem],
      transparencyLog: "none",
    };
    expect(await words({ ...BUNDLE, key, log: false }, rule)).toEqual(VERIFIED);
    expect(
      await words({ ...BUNDLE, key, log: false, predicateType: "https://example.com/scan" }, rule),
    ).toEqual({
      strict: "predicate-type-mismatch",
      parity: "verified",
      differences: ["D3-predicate-type"],
    });
  });

  test("every difference has a sentence", () => {
    for (const sentence of Object.values(DIFFERENCES)) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });
});

describe("a bundle and an older signature beside each other", () => {
  const both = async (bundleFirst: Parameters<typeof sign>[1]) => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(sign(artifact, bundleFirst).manifest);
    bench.push(sign(artifact, LEGACY).manifest);
    const { strict, parity, differences } = await bench.verify(artifact, OBJECT_RULE);
    return { strict: wordOf(strict), parity: wordOf(parity), differences };
  };

  test("both good", async () => {
    expect(await both(BUNDLE)).toEqual(VERIFIED);
  });

  test("a bundle that does not satisfy the rule hides the older signature from Flux, not from us", async () => {
    const steps: Steps = { entries: () => [] };
    expect(await both({ ...BUNDLE, steps })).toEqual({
      strict: "verified",
      parity: "flux-bundle-first",
      differences: ["D8-bundle-first"],
    });
  });

  test("a referrer that is no bundle hides nothing", async () => {
    const steps: Steps = { bundleBytes: () => Buffer.from("{}") };
    expect(await both({ ...BUNDLE, steps })).toEqual(VERIFIED);
  });
});
