import { packLegacyLayers } from "../../../../functions/local/playground/sigstore/local-sigstore.ts";
import type { PushableManifest } from "../../../../functions/local/playground/sigstore/oci.ts";
import type { SignedEvidence } from "../../../../functions/local/playground/sigstore/sign-request.ts";
import { ALL, BUNDLES, type Change, type CorpusCase, request, type Scenario } from "../corpus-case.ts";
import { editAnnotation } from "../edit.ts";
import { IDENTITY } from "../world.ts";

const EVIL = { issuer: IDENTITY.issuer, subject: "https://github.com/evil/app/x@refs/heads/main" };

/** A second, complete signature of the same artifact by somebody else. */
const signAgain = ({ sigstore, request: honest }: Scenario): SignedEvidence =>
  sigstore.sign({ ...honest, identity: EVIL, steps: {} });

const layersOf = (...evidence: readonly SignedEvidence[]) =>
  evidence.flatMap(({ layer }) => (layer === undefined ? [] : [layer]));

const publishWith =
  (publish: (honest: SignedEvidence, scenario: Scenario) => readonly PushableManifest[]): Change =>
  (scenario) => ({ publish: (honest) => publish(honest, scenario) });

export const severalCases: readonly CorpusCase[] = [
  {
    attackClass: 19,
    name: "somebody else's signature beside a good one, in the same manifest",
    formats: ["legacy"],
    expected: "verified",
    attack: publishWith((honest, scenario) => [
      packLegacyLayers(scenario.request.digest, layersOf(signAgain(scenario), honest)),
    ]),
  },
  {
    attackClass: 19,
    name: "somebody else's bundle beside a good one",
    formats: BUNDLES,
    expected: "verified",
    attack: publishWith((honest, scenario) => [signAgain(scenario).manifest, honest.manifest]),
  },
  {
    attackClass: 19,
    name: "only somebody else's signatures",
    formats: ALL,
    expected: "identity-mismatch",
    attack: request({ identity: EVIL }),
  },
  {
    attackClass: 19,
    name: "certificate and log entry of one layer, signature of the other",
    formats: ["legacy"],
    expected: "log-entry-mismatch",
    attack: publishWith((honest, scenario) => {
      const [good, evil] = layersOf(honest, signAgain(scenario));
      if (good === undefined || evil === undefined) throw new Error("no layers");
      const signature = evil.annotations["dev.cosignproject.cosign/signature"] ?? "";
      return [
        packLegacyLayers(scenario.request.digest, [editAnnotation(good, "signature", () => signature)]),
      ];
    }),
  },
  {
    attackClass: 19,
    name: "certificate of one layer, signature and log entry of the other",
    formats: ["legacy"],
    expected: "log-entry-mismatch",
    attack: publishWith((honest, scenario) => {
      const [good, evil] = layersOf(honest, signAgain(scenario));
      if (good === undefined || evil === undefined) throw new Error("no layers");
      const certificate = good.annotations["dev.sigstore.cosign/certificate"] ?? "";
      return [
        packLegacyLayers(scenario.request.digest, [editAnnotation(evil, "certificate", () => certificate)]),
      ];
    }),
  },
  {
    attackClass: 19,
    name: "good legacy signature beside a bundle that is broken",
    formats: ["legacy"],
    expected: "verified",
    attack: publishWith((honest, { sigstore, request: base }) => [
      honest.manifest,
      sigstore.sign({ ...base, format: "bundle-rekor1", steps: { signature: () => Buffer.from("x") } })
        .manifest,
    ]),
  },
  {
    attackClass: 19,
    name: "good bundle beside a legacy signature that is broken",
    formats: BUNDLES,
    expected: "verified",
    attack: publishWith((honest, { sigstore, request: base }) => [
      honest.manifest,
      sigstore.sign({ ...base, format: "legacy", steps: { signature: () => Buffer.from("x") } }).manifest,
    ]),
  },
];
