/**
 * Why an artifact is not verified: every code with the sentence people read. Codes are stable. The order is the
 * order in which checks happen: of several failing pieces of evidence, the one that got furthest is reported.
 */
export const REASONS = {
  // The rule itself: nothing was looked at.
  "rule-empty": "The rule names neither identities nor keys, so nobody could satisfy it.",
  "rule-ambiguous": "The rule names both identities and keys; it must name one kind.",
  "rule-pattern-empty": "An identity has an empty issuer or subject pattern, which would match anybody.",
  "rule-pattern-invalid": "An issuer, subject or claim pattern is not a valid Go regular expression.",
  "rule-claim-unknown": "The rule asks for a certificate claim that does not exist.",
  "rule-key-invalid": "A public key of the rule is not a PEM key of a supported type and size.",
  "rule-log-required": "Identities need a transparency log or a signed timestamp; `none` is only for keys.",
  // Discovery.
  unsigned: "No signature was found for this digest.",
  "notation-unsupported": "A Notation signature was found; it was not verified.",
  "evidence-missing": "Evidence is listed for this digest, but the registry does not have it.",
  "evidence-too-large": "The evidence, or the number of pieces of it, exceeds what is read.",
  // Shape of the evidence.
  "verification-failed": "A check ended in an unexpected way; this counts as not verified.",
  "evidence-malformed":
    "The evidence is not well formed: strict JSON, canonical base64 and DER are required.",
  "evidence-type-mismatch": "The manifest's layers or media types are not those of signed evidence.",
  "bundle-version-unsupported": "The bundle's media type is not a version that is accepted here.",
  "bundle-content-unsupported":
    "The bundle signs a bare message; for an artifact in a registry an in-toto statement is required.",
  "signature-count": "The envelope must carry exactly one signature.",
  "limit-exceeded": "The evidence holds more log entries, timestamps, subjects or signatures than are read.",
  "evidence-duplicated": "The same log entry, timestamp or certificate timestamp appears twice.",
  "certificate-missing": "The rule names identities, but the evidence carries no certificate.",
  "key-expected": "The rule names keys, but the evidence was signed with a certificate.",
  // What the signature says.
  "payload-type-mismatch": "The signed payload is not of the type that a signature of an artifact has.",
  "predicate-type-mismatch":
    "The signed statement is an attestation of another predicate type than the rule asks for.",
  "payload-digest-mismatch": "The signed payload names another digest than the artifact's.",
  // Who signed.
  "certificate-malformed": "The certificate is not a well-formed X.509 certificate.",
  "certificate-usage":
    "The certificate may not sign: it is a CA, lacks code signing, or has an unknown critical extension.",
  "certificate-name":
    "The certificate must name its subject exactly once: a URI, an e-mail address or a Fulcio name.",
  "certificate-issuer":
    "The certificate must name one issuer: its issuer extensions are missing, malformed or disagree.",
  "identity-mismatch": "The certificate's issuer and subject match none of the rule's identities.",
  "claim-mismatch": "An identity matches, but the certificate's further claims do not.",
  // Transparency log and time.
  "no-transparency-log": "The signature carries no transparency log entry, and the rule requires one.",
  "log-entry-unsupported":
    "The transparency log entry is of a kind that cannot be compared with the signature.",
  "log-entry-mismatch": "The transparency log entry speaks about another artifact, key or signature.",
  "log-unknown": "The transparency log is not one of the trusted root's.",
  "log-key-expired": "The transparency log's key was not valid at the time of the entry.",
  "log-proof-missing": "The log entry lacks the inclusion proof or promise that its version requires.",
  "set-invalid": "The log's signed promise (SET) does not verify.",
  "checkpoint-malformed": "The log's checkpoint is not a well-formed signed note.",
  "checkpoint-origin-mismatch": "The checkpoint names another log than the entry's.",
  "checkpoint-signature-invalid": "The checkpoint is not signed by the entry's log.",
  "inclusion-proof-invalid": "The inclusion proof does not lead from the entry to the log's signed root.",
  "timestamp-malformed": "The RFC 3161 timestamp is not well formed.",
  "timestamp-mismatch": "The RFC 3161 timestamp was made for another signature.",
  "timestamp-untrusted": "The RFC 3161 timestamp is not from an authority of the trusted root.",
  "timestamp-invalid": "The RFC 3161 timestamp's signature does not verify.",
  "no-signed-time": "Nothing trustworthy says when the signature was made.",
  // Cryptography.
  "signature-invalid": "The signature does not verify.",
  "key-mismatch": "The evidence was signed by none of the rule's keys.",
  "certificate-untrusted": "The certificate does not chain to a certificate authority of the trusted root.",
  "certificate-expired":
    "The certificate, or an authority above it, was not valid when the signature was made.",
  "sct-missing": "The certificate carries no certificate transparency timestamp (SCT) of a known log.",
  "sct-invalid": "The certificate's transparency timestamp (SCT) does not verify.",
  // What only Flux's controller refuses.
  "flux-multiple-identities": "Flux refuses Sigstore bundles when `verify` lists more than one identity.",
  "flux-bundle-first":
    "Flux looks only at Sigstore bundles once it finds one, and none of them satisfies the rule.",
  "flux-log-required": "Flux requires a transparency log entry for keyless signatures.",
  "flux-rule-refused": "Flux refuses this `verify` as it is written.",
  "flux-checkpoint-cosigned":
    "Flux refuses a Rekor v1 checkpoint that others than the log have signed as well.",
  "flux-log-time":
    "Flux requires that the log signed the entry's time, and that each time an entry names lies inside the certificate's validity.",
  "flux-chain-unreadable": "Flux refuses an older signature whose chain annotation cannot be read.",
  "flux-issuer": "For older signatures Flux reads the issuer from the certificate's raw extension alone.",
} as const;

export type Reason = keyof typeof REASONS;

const ORDER = new Map<string, number>(Object.keys(REASONS).map((reason, index) => [reason, index]));

/** Of two reasons, the one that was reached later. */
export const furthest = (a: Reason, b: Reason): Reason =>
  (ORDER.get(a) ?? 0) >= (ORDER.get(b) ?? 0) ? a : b;
