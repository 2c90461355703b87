import {
  createLocalSigstore,
  type LocalSigstore,
} from "../../../../functions/local/playground/sigstore/local-sigstore.ts";
import type { Services } from "../../../../functions/local/playground/sigstore/services.ts";
import { ALL, BUNDLES, type Change, type CorpusCase, steps } from "../corpus-case.ts";
import { edit, set, tamper } from "../edit.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const random = createSeededBytes(51);

/** Signs with services of which one is the attacker's; the root stays what it was. */
const withForeign =
  (services: (foreign: LocalSigstore) => Partial<Services>): Change =>
  (scenario, { sigstore, foreign }) => {
    const mixed = { ...sigstore.services, ...services(foreign) };
    return {
      sigstore: createLocalSigstore({ nowMs: () => NOW_MS, random, services: mixed }),
      trustedRootJson: scenario.trustedRootJson,
    };
  };

/** What a service says of itself is no reason to trust it: keys come from the trusted root alone. */
export const foreignCases: readonly CorpusCase[] = [
  {
    attackClass: 33,
    name: "a whole Sigstore of the attacker's, consistent in itself",
    formats: ALL,
    expected: "log-unknown",
    attack: withForeign(({ services }) => services),
  },
  {
    attackClass: 33,
    name: "certificate authority of the attacker's",
    formats: ALL,
    expected: "certificate-untrusted",
    attack: withForeign(({ services: { authority } }) => ({ authority })),
  },
  {
    attackClass: 33,
    name: "transparency log of the attacker's under the trusted one's name",
    formats: ALL,
    expected: "log-unknown",
    attack: withForeign(({ services: { rekorV1, rekorV2 } }) => ({ rekorV1, rekorV2 })),
  },
  {
    attackClass: 33,
    name: "transparency log of the attacker's under the trusted one's id",
    formats: ALL,
    expected: {
      "bundle-rekor1": "set-invalid",
      "bundle-rekor2": "checkpoint-signature-invalid",
      legacy: "set-invalid",
    },
    attack: (scenario, world) => ({
      ...withForeign(({ services }) => ({
        rekorV1: { ...services.rekorV1, logId: world.sigstore.services.rekorV1.logId },
        rekorV2: { ...services.rekorV2, logId: world.sigstore.services.rekorV2.logId },
      }))(scenario, world),
      ...steps(({ request: { format } }) => ({
        entry: (entry) => ({
          ...entry,
          logId: (format === "bundle-rekor2"
            ? world.sigstore.services.rekorV2
            : world.sigstore.services.rekorV1
          ).logId,
        }),
      }))(scenario, world),
    }),
  },
  {
    attackClass: 33,
    name: "timestamp authority of the attacker's",
    formats: ["bundle-rekor2"],
    expected: "timestamp-untrusted",
    attack: withForeign(({ services: { timestampAuthority } }) => ({ timestampAuthority })),
  },
  {
    attackClass: 33,
    name: "bundle that brings its own certificate chain",
    formats: BUNDLES,
    expected: "evidence-malformed",
    attack: steps(({ sigstore }) =>
      tamper({
        bundle: (bundle) => {
          const leaf = edit(bundle, ["verificationMaterial", "certificate"], () => undefined);
          const chain = sigstore.services.authority.chain.map((der) => ({
            rawBytes: Buffer.from(der).toString("base64"),
          }));
          return set(leaf, ["verificationMaterial", "x509CertificateChain"], { certificates: chain });
        },
      }),
    ),
  },
];
