import { describe, expect, test } from "vitest";
import { githubIdentity } from "../../../../functions/local/playground/sigstore/identity.ts";
import { createKeyPair, type KeyKind } from "../../../../functions/local/playground/sigstore/keys.ts";
import { createLocalSigstore } from "../../../../functions/local/playground/sigstore/local-sigstore.ts";
import { digestOf } from "../../../../functions/local/playground/sigstore/oci.ts";
import type { SignRequest } from "../../../../functions/local/playground/sigstore/sign-request.ts";
import { verifyBundleWithLibrary, verifyLegacyWithLibrary } from "../../../support/sigstore-oracle.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12, 0, 0);
const sigstore = createLocalSigstore({ nowMs: () => NOW_MS });
const identity = githubIdentity({ repository: "acme/app", ref: "refs/tags/v1.4.2" });
const image = Buffer.from('{"schemaVersion":2}', "utf8");

const request = (more: Pick<SignRequest, "format"> & Partial<SignRequest>): SignRequest => ({
  registry: "registry.local",
  repository: "acme/app",
  digest: digestOf(image),
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  size: image.length,
  ...more,
});

const bundleOf = (more: Pick<SignRequest, "format"> & Partial<SignRequest>): Uint8Array => {
  const { bundle } = sigstore.sign(request(more));
  if (bundle === undefined) throw new Error("no bundle");
  return bundle.bytes;
};

describe("bundles that @sigstore/verify accepts", () => {
  test.each([
    { name: "Rekor v1", more: { format: "bundle-rekor1" } },
    { name: "Rekor v1 and a timestamp", more: { format: "bundle-rekor1", timestamp: true }, times: 2 },
    { name: "Rekor v2", more: { format: "bundle-rekor2" } },
    {
      name: "attestation, dsse",
      more: { format: "bundle-rekor1", predicateType: "https://slsa.dev/provenance/v1", predicate: {} },
    },
    { name: "an `intoto` entry", more: { format: "bundle-rekor1", entryKind: "intoto" } },
  ] as const)("$name", ({ more, ...options }) => {
    const timestampThreshold = "times" in options ? options.times : 1;
    expect(
      verifyBundleWithLibrary(sigstore.trustedRootJson, bundleOf({ ...more, identity }), {
        timestampThreshold,
      }),
    ).toBe(identity.subject);
  });

  test.each([0, 1, 2, 3, 4, 6, 7, 8, 63, 64, 1000])(
    "in trees that held %i entries before",
    (priorEntries) => {
      const other = createLocalSigstore({ nowMs: () => NOW_MS, priorEntries });
      for (const format of ["bundle-rekor1", "bundle-rekor2"] as const) {
        const { bundle } = other.sign(request({ format, identity }));
        expect(verifyBundleWithLibrary(other.trustedRootJson, bundle?.bytes ?? new Uint8Array(), {})).toBe(
          identity.subject,
        );
      }
    },
  );

  test("keyed, logged in Rekor v1", () => {
    const key = createKeyPair("p256");
    expect(
      verifyBundleWithLibrary(sigstore.trustedRootJson, bundleOf({ format: "bundle-rekor1", key }), {
        publicKey: key.publicPem,
      }),
    ).toBeUndefined();
  });

  test("not with another instance's root", () => {
    const other = createLocalSigstore({ nowMs: () => NOW_MS });
    expect(() =>
      verifyBundleWithLibrary(other.trustedRootJson, bundleOf({ format: "bundle-rekor1", identity })),
    ).toThrow();
  });
});

describe("legacy layers that @sigstore/verify accepts", () => {
  const layerOf = (more: Partial<SignRequest>) => {
    const { layer } = sigstore.sign(request({ format: "legacy", ...more }));
    if (layer === undefined) throw new Error("no layer");
    return layer;
  };

  test("keyless", () => {
    expect(verifyLegacyWithLibrary(sigstore.trustedRootJson, layerOf({ identity }))).toBe(identity.subject);
  });

  test("keyless with a timestamp", () => {
    expect(
      verifyLegacyWithLibrary(sigstore.trustedRootJson, layerOf({ identity, timestamp: true }), {
        timestampThreshold: 2,
      }),
    ).toBe(identity.subject);
  });

  test.each<KeyKind>(["p256", "rsa2048"])("keyed with %s, unlogged", (kind) => {
    const key = createKeyPair(kind);
    expect(
      verifyLegacyWithLibrary(sigstore.trustedRootJson, layerOf({ key }), {
        publicKey: key.publicPem,
        timestampThreshold: 0,
        tlogThreshold: 0,
      }),
    ).toBeUndefined();
  });
});
