import type { Expected } from "./corpus-case.ts";

/**
 * Where our verdict on a case of the corpus differs from the word of the cosign CLI (3.1.3), in at least one
 * storage format, each group with our reason. Whoever compares the two takes every other difference for a fault.
 */
export interface Deviation {
  readonly expected: Expected;
  readonly why: string;
  readonly cases: readonly string[];
}

/** We refuse. */
export const STRICTER: readonly Deviation[] = [
  {
    expected: "certificate-expired",
    why: "every signed time must lie inside the certificate's validity: of two, somebody may have chosen one",
    cases: [
      "log time inside the certificate's validity, timestamp outside",
      "second of two timestamps outside the certificate's validity",
    ],
  },
  {
    expected: "certificate-issuer",
    why: "both issuer extensions must say the same in their proper form, so that no two readers read two issuers",
    cases: [
      "coded issuer as IA5String",
      "coded issuer as PrintableString",
      "coded issuer empty",
      "coded issuer with trailing bytes",
      "coded issuer without a tag",
      "raw issuer evil, coded issuer good",
      "raw issuer good, coded issuer evil",
      "raw issuer with a line break at its end",
    ],
  },
  {
    expected: "certificate-name",
    why: "a signer has one name of a kind and length that Fulcio writes; of several, two readers may take different ones",
    cases: [
      "DNS name only",
      "URI longer than any",
      "URI and DNS name",
      "e-mail address, then URI",
      "two URIs, the good one first",
      "two URIs, the good one last",
    ],
  },
  {
    expected: "certificate-usage",
    why: "a signing certificate is for code signing by its own key, and issues nothing",
    cases: [
      "leaf that is a certificate authority",
      "leaf whose key may only encipher",
      "leaf without extended key usage",
    ],
  },
  {
    expected: "checkpoint-malformed",
    why: "a checkpoint's numbers have one spelling and can be counted with; a bounded number of signatures is read",
    cases: [
      "checkpoint whose tree size is beyond counting",
      "checkpoint with a hundred signatures",
      "checkpoint whose tree size has a leading zero",
    ],
  },
  {
    expected: "checkpoint-origin-mismatch",
    why: "the checkpoint's origin is compared with the log's name as text",
    cases: [
      "checkpoint whose origin matches the name as a pattern",
      "checkpoint whose origin only contains the log's name",
    ],
  },
  {
    expected: "checkpoint-signature-invalid",
    why: "the signature line names the log",
    cases: ["checkpoint signature line under another name"],
  },
  {
    expected: "evidence-duplicated",
    why: "nothing counts twice, so what is there twice was put there to count twice",
    cases: [
      "the same SCT twice",
      "the same log entry twice, once under another index",
      "the same timestamp twice",
    ],
  },
  {
    expected: "evidence-malformed",
    why: "JSON, base64, hex and PEM have one spelling here, with no name twice and none that is not known",
    cases: [
      "statement with a shorter digest beside the right one",
      "negative layer size",
      "bundle in snake case",
      "log bundle in another case",
      "log bundle names its payload twice",
      "log bundle with a member nobody knows",
      "payload names the digest only in another case",
      "payload names the digest twice, the right one last",
      "certificate's PEM after text",
      "certificate's PEM under another label",
      "certificate's PEM with headers",
      "entry body's base64 with white space",
      "signature's base64 with a line break at its end",
      "signature's base64 with stray bits in its last digit",
      "log id of another case",
      "rootHash of the proof is not 32 bytes",
    ],
  },
  {
    expected: "evidence-too-large",
    why: "a bounded number of referrers, layers and bytes is read",
    cases: [
      "seventy empty referrers that say they are signatures, listed before the signature's",
      "bundle of five megabytes",
      "manifest of six megabytes",
      "payload of one megabyte",
    ],
  },
  {
    expected: "inclusion-proof-invalid",
    why: "what a proof says about itself must be what the log signed",
    cases: ["index beyond the tree", "index of another leaf", "tree size that only the proof names"],
  },
  {
    expected: "key-mismatch",
    why: "ECDSA signatures are DER",
    cases: ["keyed signature in P1363 form"],
  },
  {
    expected: "signature-invalid",
    why: "ECDSA signatures are DER",
    cases: ["ECDSA signature in P1363 form"],
  },
  {
    expected: "limit-exceeded",
    why: "a bounded number of timestamps is read",
    cases: ["thirty-three timestamps"],
  },
  {
    expected: "log-entry-mismatch",
    why: "the log entry is exactly the one this evidence and this rule's signer make",
    cases: [
      "log entry with two signatures",
      "entry listed under another kind than its own",
      "entry of Rekor v2 listed as one of Rekor v1",
      "blank added to the entry's body under its proof, promise removed",
    ],
  },
  {
    expected: "log-key-expired",
    why: "a log without times of its own is trusted only within its window",
    cases: ["tlogs: window ended", "tlogs: window not begun"],
  },
  {
    expected: "payload-type-mismatch",
    why: "what is signed says of itself that it is a signature",
    cases: ["legacy payload of another type", "statement of an unknown version"],
  },
  {
    expected: "predicate-type-mismatch",
    why: "an attestation is no signature",
    cases: [
      "attestation offered as a signature",
      "attestation offered as a signature, listed as one",
      "predicate type that only begins like the one asked for",
    ],
  },
  {
    expected: "rule-ambiguous",
    why: "a rule that cannot be meant as it is written is not used by half",
    cases: ["identities and keys"],
  },
  {
    expected: "rule-pattern-empty",
    why: "a rule that cannot be meant as it is written is not used by half",
    cases: ["empty pattern in the second identity"],
  },
  {
    expected: "rule-pattern-invalid",
    why: "a rule that cannot be meant as it is written is not used by half",
    cases: ["invalid pattern beside one that matches"],
  },
  { expected: "sct-invalid", why: "a bounded number of SCTs is read", cases: ["a hundred SCTs"] },
  {
    expected: "throws TRUST_ROOT_INVALID",
    why: "a trusted root is checked whole before anything rests on it",
    cases: [
      "trusted root with an authority for some names only",
      "trusted root with an authority for some names only, not critical",
      "trusted root whose chain stands on its head",
      "trusted root whose chain has nine certificates",
      "trusted root whose timestamp signer was issued by somebody else",
      "trusted root whose authority has no validity start",
      "trusted root whose log key is called P-384 and is not",
      "trusted root whose timestamp authority has no validity start",
      "trusted root with two logs of one id",
    ],
  },
  {
    expected: "unsigned",
    why: "a signature lies in a layer of its own type",
    cases: ["signature layer of another type"],
  },
  {
    expected: "certificate-untrusted",
    why: "a certificate names the key of its issuer as the issuer does",
    cases: ["leaf that names another key than the one that signed it"],
  },
  {
    expected: "certificate-malformed",
    why: "extensions that are understood are read strictly",
    cases: ["leaf whose key usage is empty", "leaf whose constraints say too much"],
  },
  {
    expected: "no-signed-time",
    why: "a rule that asks for a timestamp is satisfied by nothing else",
    cases: ["key's signature without the timestamp that the rule asks for"],
  },
  {
    expected: "timestamp-invalid",
    why: "the signed attributes speak of this content (RFC 5652 §5.4)",
    cases: ["timestamp without the type of its content", "timestamp whose signed type is another"],
  },
  {
    expected: "timestamp-untrusted",
    why: "the signed attributes name the certificate that signs (RFC 5035)",
    cases: ["timestamp whose signed certificate is another"],
  },
  {
    expected: "timestamp-malformed",
    why: "a timestamp is read whole, in the one version and of the one kind that is known, with a bound",
    cases: [
      "timestamp that carries other content",
      "timestamp of another version",
      "timestamp with extensions",
      "timestamp with something after it",
      "timestamp with nine certificates",
    ],
  },
];

/** We accept. */
export const MILDER: readonly Deviation[] = [
  {
    expected: "verified",
    why: "a time that nobody signed counts for nothing, neither for a signature nor against it",
    cases: ["integratedTime edited, promise removed, timestamp from now"],
  },
  {
    expected: "verified",
    why: "authorities come from the trusted root; what the evidence brings along is not read",
    cases: ["chain annotation is garbage; it is no trust"],
  },
  {
    expected: "verified",
    why: "the coded issuer extension is enough, in both storage formats",
    cases: ["only the coded issuer"],
  },
  {
    expected: "verified",
    why: "both storage formats count, so that nobody can hide a good signature by adding a bad one",
    cases: ["good legacy signature beside a bundle that is broken"],
  },
  {
    expected: "verified",
    why: "the log's own signature line counts, whoever else signed the checkpoint",
    cases: ["cosignature of a witness beside the log's", "cosignature of a witness before the log's"],
  },
];
