import { toEvidenceTag } from "../../../../functions/local/playground/sigstore/oci.ts";
import { ALL, BUNDLES, type CorpusCase, request, steps } from "../corpus-case.ts";
import { set } from "../edit.ts";
import { rewrite } from "../publish.ts";

const SLSA = "https://slsa.dev/provenance/v1";

/** An attestation is a true statement about the artifact, but not the statement that it may be deployed. */
export const attestationCases: readonly CorpusCase[] = [
  {
    attackClass: 20,
    name: "attestation offered as a signature",
    formats: BUNDLES,
    expected: "predicate-type-mismatch",
    attack: request({ predicateType: SLSA, predicate: { buildDefinition: {} } }),
  },
  {
    attackClass: 20,
    name: "attestation offered as a signature, listed as one",
    formats: BUNDLES,
    expected: "predicate-type-mismatch",
    attack: (scenario) => ({
      request: { ...scenario.request, predicateType: "https://cosign.sigstore.dev/attestation/vuln/v1" },
      publish: ({ manifest }) => [
        rewrite(manifest, (json) =>
          set(
            json,
            ["annotations", "dev.sigstore.bundle.predicateType"],
            "https://sigstore.dev/cosign/sign/v1",
          ),
        ),
      ],
    }),
  },
  {
    attackClass: 20,
    name: "attestation in the `.att` tag, signature asked for",
    formats: ["legacy"],
    expected: "unsigned",
    attack: request({ predicateType: SLSA, predicate: {} }),
  },
  {
    attackClass: 20,
    name: "attestation moved to the `.sig` tag",
    formats: ["legacy"],
    expected: "predicate-type-mismatch",
    attack: (scenario) => ({
      request: { ...scenario.request, predicateType: SLSA, predicate: {} },
      publish: ({ manifest }) => [{ ...manifest, tag: toEvidenceTag(scenario.artifact.digest, "sig") }],
    }),
  },
  {
    attackClass: 20,
    name: "signature offered as the attestation that the rule asks for",
    formats: BUNDLES,
    expected: "predicate-type-mismatch",
    setup: (scenario) => ({
      request: { ...scenario.request, predicateType: SLSA, predicate: {} },
      rule: { ...scenario.rule, predicateType: SLSA },
    }),
    attack: ({ request: { predicateType, predicate, ...signature } }) => ({ request: signature }),
  },
  {
    attackClass: 20,
    name: "attestation of another type than asked for",
    formats: ALL,
    expected: "predicate-type-mismatch",
    setup: (scenario) => ({
      request: { ...scenario.request, predicateType: SLSA, predicate: {} },
      rule: { ...scenario.rule, predicateType: SLSA },
    }),
    attack: request({ predicateType: "https://spdx.dev/Document" }),
  },
  {
    attackClass: 20,
    name: "predicate type that only begins like the one asked for",
    formats: BUNDLES,
    expected: "predicate-type-mismatch",
    attack: request({ predicateType: "https://sigstore.dev/cosign/sign/v11" }),
  },
  {
    attackClass: 20,
    name: "predicate type that is not text",
    formats: BUNDLES,
    expected: "evidence-malformed",
    attack: steps({
      payload: (statement) => set(statement, ["predicateType"], ["https://sigstore.dev/cosign/sign/v1"]),
    }),
  },
  {
    attackClass: 20,
    name: "statement of an unknown version",
    formats: BUNDLES,
    expected: "payload-type-mismatch",
    attack: steps({ payload: (statement) => set(statement, ["_type"], "https://in-toto.io/Statement/v9") }),
  },
  {
    attackClass: 20,
    name: "legacy payload of another type",
    formats: ["legacy"],
    expected: "payload-type-mismatch",
    attack: steps({ payload: (payload) => set(payload, ["critical", "type"], "something else") }),
  },
];
