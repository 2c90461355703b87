import { describe, expect, test } from "vitest";
import type { VerifyRule } from "../../../shared/ports.ts";
import { createVerifier } from "../../../shared/signature/verifier.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";
import {
  type Artifact,
  createBench,
  createKeyPair,
  IDENTITY,
  IDENTITY_RULE,
  NOW_MS,
  nextArtifact,
  REPOSITORY,
  sign,
  sigstore,
  wordOf,
  world,
} from "./support.ts";

const SIGNAL = new AbortController().signal;
const hexOf = ({ digest }: Artifact): string => digest.slice("sha256:".length);

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

  test.each(["bundle-rekor1", "legacy"] as const)(
    "only for the same artifact: a copied %s",
    async (format) => {
      const artifact = nextArtifact();
      const other = nextArtifact();
      // Whoever may push may list one artifact's evidence for another, and move a tag onto it.
      const bench = createBench((honest) => ({
        ...honest,
        listReferrers: (name, signal) => honest.listReferrers({ ...name, digest: artifact.digest }, signal),
        fetchManifestByTag: (name, tag, signal) =>
          honest.fetchManifestByTag(name, tag.replace(hexOf(other), hexOf(artifact)), signal),
      }));
      bench.push(sign(artifact, { format }).manifest);
      expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
      expect(wordOf((await bench.verify(other, IDENTITY_RULE)).strict)).toBe("payload-digest-mismatch");
    },
  );

  test("only under the same trusted root, certificates included", async () => {
    const artifact = nextArtifact();
    const registry = createMemoryRegistry();
    registry.push(REPOSITORY, sign(artifact, { format: "bundle-rekor1" }).manifest);
    const trusted = JSON.parse(sigstore.trustedRootJson);
    const { certificateAuthorities } = JSON.parse(world.foreign.trustedRootJson);
    let root = Buffer.from(sigstore.trustedRootJson);
    const { verify } = createVerifier({
      registry,
      trustedRoots: { read: async () => root },
      nowMs: () => NOW_MS,
    });
    const word = async () =>
      wordOf((await verify({ ...REPOSITORY, digest: artifact.digest }, IDENTITY_RULE, SIGNAL)).strict);
    expect(await word()).toBe("verified");
    root = Buffer.from(JSON.stringify({ ...trusted, certificateAuthorities }));
    expect(await word()).toBe("certificate-untrusted");
  });

  test("not where the present time has a say: a certificate beside a key's signature", async () => {
    const artifact = nextArtifact();
    const key = createKeyPair("p256");
    const registry = createMemoryRegistry();
    registry.push(REPOSITORY, sign(artifact, { format: "legacy", key, identity: IDENTITY }).manifest);
    let nowMs = NOW_MS;
    const { verify } = createVerifier({
      registry,
      trustedRoots: { read: async () => Buffer.from(sigstore.trustedRootJson) },
      nowMs: () => nowMs,
    });
    const rule: VerifyRule = {
      ...IDENTITY_RULE,
      identities: [],
      keys: [key.publicPem],
      transparencyLog: "none",
    };
    const word = async () =>
      wordOf((await verify({ ...REPOSITORY, digest: artifact.digest }, rule, SIGNAL)).strict);
    expect(await word()).toBe("verified");
    nowMs += 86_400_000;
    expect(await word()).toBe("certificate-expired");
  });
});
