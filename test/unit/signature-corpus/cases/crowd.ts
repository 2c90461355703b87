import type { JsonObject } from "../../../../functions/local/playground/sigstore/json.ts";
import { packLegacyLayers } from "../../../../functions/local/playground/sigstore/local-sigstore.ts";
import { digestOf, toPushable } from "../../../../functions/local/playground/sigstore/oci.ts";
import type { SignedEvidence } from "../../../../functions/local/playground/sigstore/sign-request.ts";
import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import type { Descriptor } from "../../../../shared/ports.ts";
import { BUNDLES, type Change, type CorpusCase, steps } from "../corpus-case.ts";
import { readManifest } from "../publish.ts";

const HUNDRED_THOUSAND = 100_000;

const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const layerOf = ({ layer }: SignedEvidence) => {
  if (layer === undefined) throw new Error("no layer");
  return layer;
};

const descriptor = (index: number): Descriptor => ({
  mediaType: MEDIA_TYPE.ociManifest,
  digest: digestOf(Buffer.from(`${index}`)),
  size: 500,
  artifactType: MEDIA_TYPE.sigstoreBundle,
});

/** Many manifests that hold nothing, listed before the one that does: what a bound on reading is up against. */
const crowdOut =
  (more: JsonObject): Change =>
  () => ({
    publish: ({ manifest }, { digest }) => {
      const empty = { ...readManifest(manifest), layers: [], ...more };
      const crowd = times(70, (index) => toPushable({ ...empty, index }, [], { subject: digest }));
      return [...crowd, manifest];
    },
  });

/** More than is read: whoever may push may add without end. */
export const crowdCases: readonly CorpusCase[] = [
  {
    attackClass: 23,
    name: "five thousand layers",
    formats: ["legacy"],
    expected: "evidence-too-large",
    attack: () => ({
      publish: (honest, { digest }) => {
        const layer = layerOf(honest);
        return [
          packLegacyLayers(
            digest,
            times(5_000, () => layer),
          ),
        ];
      },
    }),
  },
  {
    attackClass: 23,
    name: "a thousand layers and one, all small",
    formats: ["legacy"],
    expected: "evidence-too-large",
    attack: steps({
      layers: (layers) =>
        times(1_001, () => layers.map(({ payload }) => ({ payload, annotations: {} }))).flat(),
    }),
  },
  {
    attackClass: 23,
    name: "a hundred thousand referrers",
    formats: BUNDLES,
    expected: "evidence-too-large",
    attack: () => ({
      toReader: (honest) => ({
        ...honest,
        listReferrers: async () => times(HUNDRED_THOUSAND, descriptor),
        fetchManifest: async () => undefined,
      }),
    }),
  },
  {
    attackClass: 23,
    name: "seventy empty referrers listed before the signature's",
    formats: ["bundle-rekor1"],
    expected: "verified",
    attack: crowdOut({ annotations: {} }),
  },
  {
    attackClass: 23,
    name: "seventy empty referrers that say they are signatures, listed before the signature's",
    formats: ["bundle-rekor1"],
    expected: "evidence-too-large",
    attack: crowdOut({}),
  },
];
