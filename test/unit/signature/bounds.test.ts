import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { packLegacyLayers } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import {
  EMPTY_CONFIG_BLOB,
  type PushableManifest,
  toBlob,
  toDescriptor,
  toPushable,
} from "../../../functions/local/playground/sigstore/oci.ts";
import { MEDIA_TYPE } from "../../../shared/artifact/media-types.ts";
import {
  type Artifact,
  createBench,
  IDENTITY_RULE,
  nextArtifact,
  sign,
  toReferrer,
  wordOf,
} from "./support.ts";

describe("bounds", () => {
  test("referrers beyond the bound are not read, and that is the reason", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    for (let index = 0; index < 70; index += 1)
      bench.push(toReferrer(artifact, "application/spdx+json", `${index}`));
    const { strict } = await bench.verify(artifact, IDENTITY_RULE);
    expect(wordOf(strict)).toBe("evidence-too-large");
    expect(bench.asked.filter((asked) => asked.startsWith("manifest"))).toHaveLength(64);
  });

  test("what the list calls a bundle is read before the rest", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    for (let index = 0; index < 70; index += 1)
      bench.push(toReferrer(artifact, "application/spdx+json", `${index}`));
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
  });

  test("of many layers the newest are examined", async () => {
    const artifact = nextArtifact();
    const toLayer = (steps = {}) => {
      const { layer } = sign(artifact, { format: "legacy", steps });
      if (layer === undefined) throw new Error("no layer");
      return layer;
    };
    const bad = toLayer({ entries: () => [] });
    const good = toLayer();
    const many = Array.from({ length: 70 }, () => bad);
    const newest = createBench();
    newest.push(packLegacyLayers(artifact.digest, [...many, good]));
    expect(wordOf((await newest.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
    const oldest = createBench();
    oldest.push(packLegacyLayers(artifact.digest, [good, ...many]));
    expect((await oldest.verify(artifact, IDENTITY_RULE)).strict.verified).toBe(false);
    const flood = createBench();
    flood.push(
      packLegacyLayers(
        artifact.digest,
        Array.from({ length: 1001 }, () => good),
      ),
    );
    expect(wordOf((await flood.verify(artifact, IDENTITY_RULE)).strict)).toBe("evidence-too-large");
  });

  const compressed = (artifact: Artifact, content: Buffer): PushableManifest => {
    const layer = toBlob(gzipSync(content), MEDIA_TYPE.sigstoreBundle);
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociManifest,
      artifactType: MEDIA_TYPE.sigstoreBundle,
      config: toDescriptor(EMPTY_CONFIG_BLOB),
      layers: [toDescriptor(layer)],
    };
    return toPushable(manifest, [layer, EMPTY_CONFIG_BLOB], { subject: artifact.digest });
  };

  test("a compressed bundle is inflated", async () => {
    const artifact = nextArtifact();
    const { bundle } = sign(artifact, { format: "bundle-rekor1" });
    const bench = createBench();
    bench.push(compressed(artifact, Buffer.from(bundle?.bytes ?? [])));
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
  });

  test("an attestation may be longer than a signature", async () => {
    const predicateType = "https://spdx.dev/Document";
    const predicate = { files: "x".repeat(6 * 1024 * 1024) };
    const rule = { ...IDENTITY_RULE, predicateType };
    for (const format of ["bundle-rekor1", "legacy"] as const) {
      const artifact = nextArtifact();
      const bench = createBench();
      bench.push(sign(artifact, { format, predicateType, predicate }).manifest);
      expect(wordOf((await bench.verify(artifact, rule)).strict)).toBe("verified");
    }
  });

  test("what compressed bundles inflate to counts together", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    for (let index = 0; index < 20; index += 1)
      bench.push(compressed(artifact, Buffer.from(`${index}`.padEnd(4 * 1024 * 1024))));
    const { evidence } = await bench.verify(artifact, IDENTITY_RULE);
    const outcomes = evidence.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "evidence-malformed")).toHaveLength(15);
    expect(outcomes.filter((outcome) => outcome === "evidence-too-large")).toHaveLength(5);
  });

  test("but not without end", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    bench.push(compressed(artifact, Buffer.alloc(64 * 1024 * 1024, 0x20)));
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("evidence-too-large");
  });
});
