import type { Judgement } from "../ports.ts";
import type { Reason } from "./reasons.ts";

/** Where our verdict and Flux's can differ. D1 to D7 are numbered as the documentation of the two verdicts does. */
export const DIFFERENCES = {
  "D1-multiple-identities": "Several identities are alternatives here; Flux refuses bundles for such a rule.",
  "D2-payload-digest": "The payload's digest is compared with the artifact's.",
  "D3-predicate-type":
    "A signature must call itself one; Flux takes any attestation by the same identity for it.",
  "D4-no-identities":
    "A rule without identities is refused; for older signatures Flux takes it to mean anybody.",
  "D7-empty-pattern": "An empty pattern is refused; for older signatures Flux takes it to mean anything.",
  "D8-bundle-first":
    "Bundles and older signatures both count here; Flux looks at bundles alone once there is one.",
  "D9-log-optional": "The rule lets a signed timestamp stand in for the transparency log; Flux does not.",
  "D10-certificate": "The certificate's names, issuer and usage are read more strictly here than by Flux.",
  "D11-payload-type": "The payload must call itself a signature of an artifact.",
  "D12-claims": "The rule asks for claims of the certificate that Flux does not look at.",
  "D13-rule": "The rule is usable on one side only.",
  "D14-storage": "The signature lies where Flux does not look.",
  "D15-checkpoint": "A log's own signature on its checkpoint is enough here; Flux refuses others beside it.",
  "D16-log-time":
    "A time that nobody signed counts for nothing here; Flux refuses it outside the certificate's validity, and takes no timestamp in its place.",
  "D17-chain":
    "The chain that an older signature carries is not read here; Flux refuses one that is unreadable.",
  "D18-issuer": "The coded issuer extension is enough here; for older signatures Flux reads the raw one.",
} as const;

export type Difference = keyof typeof DIFFERENCES;

const BY_PARITY_REASON: { readonly [reason in Reason]?: Difference } = {
  "flux-multiple-identities": "D1-multiple-identities",
  "flux-bundle-first": "D8-bundle-first",
  "flux-log-required": "D9-log-optional",
  "flux-rule-refused": "D13-rule",
  "flux-checkpoint-cosigned": "D15-checkpoint",
  "flux-log-time": "D16-log-time",
  "flux-chain-unreadable": "D17-chain",
  "flux-issuer": "D18-issuer",
};

const BY_STRICT_REASON: { readonly [reason in Reason]?: Difference } = {
  "payload-digest-mismatch": "D2-payload-digest",
  "predicate-type-mismatch": "D3-predicate-type",
  "rule-empty": "D4-no-identities",
  "rule-pattern-empty": "D7-empty-pattern",
  "payload-type-mismatch": "D11-payload-type",
  "certificate-name": "D10-certificate",
  "certificate-issuer": "D10-certificate",
  "certificate-usage": "D10-certificate",
  "claim-mismatch": "D12-claims",
};

/** Names why the two sides say different things; empty when they agree. */
export const differencesBetween = (strict: Judgement, parity: Judgement): readonly Difference[] => {
  if (strict.verified === parity.verified) return [];
  if (!parity.verified) return [BY_PARITY_REASON[parity.reason as Reason] ?? "D14-storage"];
  return strict.verified ? [] : [BY_STRICT_REASON[strict.reason as Reason] ?? "D13-rule"];
};
