import { toBlob, toPushable } from "../../../../functions/local/playground/sigstore/oci.ts";
import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import { ALL, BUNDLES, type CorpusCase, rule, SIGNED_TIME } from "../corpus-case.ts";
import { readManifest, retarget } from "../publish.ts";
import { nextArtifact } from "../world.ts";

/** An index signed by its publisher, and one platform of it that was not. */
export const platformCases: readonly CorpusCase[] = [
  {
    attackClass: 30,
    name: "platform manifest asked for, only the index is signed",
    formats: ALL,
    expected: "unsigned",
    attack: (scenario) => ({ artifact: { ...scenario.artifact, digest: nextArtifact().digest } }),
  },
  {
    attackClass: 30,
    name: "index's signature presented as the platform's",
    formats: ALL,
    expected: "payload-digest-mismatch",
    attack: (scenario) => {
      const { digest } = nextArtifact();
      return {
        artifact: { ...scenario.artifact, digest },
        publish: ({ manifest }) => [retarget(manifest, digest)],
      };
    },
  },
  {
    attackClass: 30,
    name: "platform's signature presented as the index's",
    formats: ALL,
    expected: "payload-digest-mismatch",
    attack: (scenario) => ({
      request: { ...scenario.request, ...nextArtifact() },
      publish: ({ manifest }) => [retarget(manifest, scenario.artifact.digest)],
    }),
  },
];

/** Another repository's evidence counts only where the rule names that repository. */
export const repositoryCases: readonly CorpusCase[] = [
  {
    attackClass: 21,
    name: "signatures in a repository that the rule does not name",
    formats: SIGNED_TIME,
    expected: "unsigned",
    setup: (scenario) => ({
      publishTo: { registry: "registry.example", repository: "signatures" },
      rule: {
        ...scenario.rule,
        signatureRepository: { registry: "registry.example", repository: "signatures" },
      },
    }),
    attack: (scenario, world) =>
      rule({ signatureRepository: { registry: "registry.example", repository: "others" } })(scenario, world),
  },
  {
    attackClass: 22,
    name: "a notation signature is not read as one of these",
    formats: BUNDLES,
    expected: "notation-unsupported",
    attack: (scenario) => ({
      publish: ({ manifest }) => {
        const notation = toBlob(Buffer.from("{}"), "application/jose+json");
        const json = {
          ...readManifest(manifest),
          artifactType: MEDIA_TYPE.notationSignature,
          config: { mediaType: MEDIA_TYPE.notationSignature, digest: notation.digest, size: 2 },
          layers: [{ mediaType: notation.mediaType, digest: notation.digest, size: 2 }],
        };
        return [toPushable(json, [notation], { subject: scenario.artifact.digest })];
      },
    }),
  },
];
