import { describe, expect, test } from "vitest";
import { MEDIA_TYPE } from "../../../shared/artifact/media-types.ts";
import type { RegistryReader, VerifyRule } from "../../../shared/ports.ts";
import { createBench, IDENTITY_RULE, nextArtifact, sign, toReferrer, wordOf } from "./support.ts";

describe("what is found", () => {
  test("nothing at all is unsigned", async () => {
    const { strict, evidence } = await createBench().verify(nextArtifact(), IDENTITY_RULE);
    expect(wordOf(strict)).toBe("unsigned");
    expect(evidence).toEqual([]);
  });

  test("other things that refer to the artifact are listed, but it stays unsigned", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(toReferrer(artifact, "application/spdx+json", "{}"));
    const { strict, evidence } = await bench.verify(artifact, IDENTITY_RULE);
    expect(wordOf(strict)).toBe("unsigned");
    expect(evidence).toMatchObject([{ kind: "unknown" }]);
  });

  test("a Notation signature is named as such", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(toReferrer(artifact, "application/jose+json", "{}", MEDIA_TYPE.notationSignature));
    const { strict, evidence } = await bench.verify(artifact, IDENTITY_RULE);
    expect(wordOf(strict)).toBe("notation-unsupported");
    expect(evidence).toMatchObject([{ kind: "notation", outcome: "notation-unsupported" }]);
  });

  test("a bundle is told by its manifest, whatever the list says of it", async () => {
    const artifact = nextArtifact();
    const misleading = (honest: RegistryReader): RegistryReader => ({
      ...honest,
      listReferrers: async (name, signal) =>
        (await honest.listReferrers(name, signal)).map(({ mediaType, digest, size }) => ({
          mediaType,
          digest,
          size,
          artifactType: MEDIA_TYPE.ociEmpty,
        })),
    });
    const bench = createBench(misleading);
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
  });

  test("the reason is that of the evidence that got furthest", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(
      sign(artifact, { format: "bundle-rekor1", steps: { bundleBytes: () => Buffer.from("{") } }).manifest,
    );
    bench.push(sign(artifact, { format: "legacy", log: false }).manifest);
    const { strict, evidence } = await bench.verify(artifact, IDENTITY_RULE);
    expect(wordOf(strict)).toBe("no-transparency-log");
    expect(evidence.map(({ outcome }) => outcome)).toEqual(["evidence-malformed", "no-transparency-log"]);
  });

  test("evidence may be kept in another repository", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    const elsewhere = { registry: "registry.example", repository: "acme/signatures" };
    const rule = { ...IDENTITY_RULE, signatureRepository: elsewhere };
    expect(wordOf((await bench.verify(artifact, rule)).strict)).toBe("unsigned");
    const moved = { ...artifact, repository: "acme/other" };
    const there = {
      ...IDENTITY_RULE,
      signatureRepository: { registry: artifact.registry, repository: artifact.repository },
    };
    expect(wordOf((await bench.verify(moved, there)).strict)).toBe("verified");
  });

  test("attestations are looked for only where a rule asks for one", async () => {
    const predicateType = "https://slsa.dev/provenance/v1";
    for (const format of ["bundle-rekor1", "bundle-rekor2", "legacy"] as const) {
      const artifact = nextArtifact();
      const bench = createBench();
      bench.push(sign(artifact, { format, predicateType }).manifest);
      const asked = (more: Partial<VerifyRule>) => bench.verify(artifact, { ...IDENTITY_RULE, ...more });
      expect(wordOf((await asked({ predicateType })).strict)).toBe("verified");
      expect((await asked({})).strict.verified).toBe(false);
      expect((await asked({ predicateType: "https://example.com/other" })).strict).toMatchObject({
        reason: "predicate-type-mismatch",
      });
    }
  });

  test("a signature is no attestation", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    bench.push(sign(artifact, { format: "legacy" }).manifest);
    const rule = { ...IDENTITY_RULE, predicateType: "https://slsa.dev/provenance/v1" };
    expect(wordOf((await bench.verify(artifact, rule)).strict)).toBe("predicate-type-mismatch");
  });
});
