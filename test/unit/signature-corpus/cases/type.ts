import type { Json, JsonObject } from "../../../../functions/local/playground/sigstore/json.ts";
import { toEvidenceTag, toPushable } from "../../../../functions/local/playground/sigstore/oci.ts";
import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import { ALL, BUNDLES, type CorpusCase, type Format, steps } from "../corpus-case.ts";
import { edit, remove, set, tamper } from "../edit.ts";

const manifestCase = (
  name: string,
  formats: readonly Format[],
  expected: CorpusCase["expected"],
  change: (manifest: JsonObject) => Json,
): CorpusCase => ({ attackClass: 22, name, formats, expected, attack: steps({ manifest: change }) });

const V02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";

const V04 = "application/vnd.dev.sigstore.bundle.v0.4+json";

export const typeCases: readonly CorpusCase[] = [
  {
    attackClass: 22,
    name: "bundle of v0.2",
    formats: BUNDLES,
    expected: "bundle-version-unsupported",
    attack: steps(tamper({ bundle: (bundle) => set(bundle, ["mediaType"], V02) })),
  },
  {
    attackClass: 22,
    name: "bundle of v0.4",
    formats: BUNDLES,
    expected: "bundle-version-unsupported",
    attack: steps(tamper({ bundle: (bundle) => set(bundle, ["mediaType"], V04) })),
  },
  {
    attackClass: 22,
    name: "bundle without a media type",
    formats: BUNDLES,
    expected: "evidence-malformed",
    attack: steps(tamper({ bundle: (bundle) => remove(bundle, ["mediaType"]) })),
  },
  {
    attackClass: 22,
    name: "bundle that signs a bare message",
    formats: ["bundle-rekor1"],
    expected: "bundle-content-unsupported",
    attack: steps(
      tamper({
        bundle: (bundle) => ({
          ...remove(bundle, ["dsseEnvelope"]),
          messageSignature: {
            messageDigest: { algorithm: "SHA2_256", digest: Buffer.alloc(32).toString("base64") },
            signature: "AAAA",
          },
        }),
      }),
    ),
  },
  {
    attackClass: 22,
    name: "bundle with two contents, one of them right",
    formats: BUNDLES,
    expected: "evidence-malformed",
    attack: steps(
      tamper({
        bundle: (bundle) => ({
          ...bundle,
          messageSignature: {
            messageDigest: { algorithm: "SHA2_256", digest: Buffer.alloc(32).toString("base64") },
            signature: "AAAA",
          },
        }),
      }),
    ),
  },
  {
    attackClass: 28,
    name: "bundle with two signers, one of them right",
    formats: BUNDLES,
    expected: "evidence-malformed",
    attack: steps(
      tamper({ bundle: (bundle) => set(bundle, ["verificationMaterial", "publicKey"], { hint: "x" }) }),
    ),
  },
  manifestCase("layer listed as bundle v0.4, holding one of v0.3", BUNDLES, "verified", (manifest) =>
    set(manifest, ["layers", 0, "mediaType"], V04),
  ),
  manifestCase("layer of another type", BUNDLES, "unsigned", (manifest) =>
    set(manifest, ["layers", 0, "mediaType"], "application/json"),
  ),
  manifestCase("two layers", BUNDLES, "evidence-type-mismatch", (manifest) =>
    edit(manifest, ["layers"], (layers) => [...(layers as readonly Json[]), ...(layers as readonly Json[])]),
  ),
  manifestCase("no layers", ["bundle-rekor1"], "unsigned", (manifest) => set(manifest, ["layers"], [])),
  manifestCase("signature layer of another type", ["legacy"], "unsigned", (manifest) =>
    set(manifest, ["layers", 0, "mediaType"], "application/octet-stream"),
  ),
  manifestCase("no layers", ["legacy"], "unsigned", (manifest) => set(manifest, ["layers"], [])),
  manifestCase("layer's digest names another hash", ALL, "evidence-malformed", (manifest) =>
    edit(manifest, ["layers", 0, "digest"], (digest) => `${digest}`.replace("sha256", "sha512")),
  ),
  manifestCase("layers that are no list", ALL, "evidence-malformed", (manifest) =>
    set(manifest, ["layers"], {}),
  ),
  manifestCase("negative layer size", ALL, "evidence-malformed", (manifest) =>
    set(manifest, ["layers", 0, "size"], -1),
  ),
  manifestCase("layer size that is not the blob's", ALL, "evidence-malformed", (manifest) =>
    edit(manifest, ["layers", 0, "size"], (size) => Number(size) - 1),
  ),
  {
    attackClass: 22,
    name: "manifest is an index",
    formats: ["legacy"],
    expected: "unsigned",
    attack: (scenario) => ({
      publish: ({ manifest }) => [
        toPushable({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [] }, [], {
          tag: manifest.tag ?? toEvidenceTag(scenario.artifact.digest, "sig"),
        }),
      ],
    }),
  },
  {
    attackClass: 22,
    name: "manifest of Docker's type",
    formats: ["legacy"],
    expected: "verified",
    attack: steps({
      manifest: (manifest) => ({
        ...manifest,
        mediaType: MEDIA_TYPE.dockerManifest,
        config: {
          ...(manifest.config as JsonObject),
          mediaType: "application/vnd.docker.container.image.v1+json",
        },
      }),
    }),
  },
];
