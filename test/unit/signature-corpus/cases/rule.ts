import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { identities, subject } from "../changes.ts";
import { type Change, type CorpusCase, type Expected, rule, SIGNED_TIME } from "../corpus-case.ts";
import { ISSUER_PATTERN, SUBJECT_PATTERN } from "../world.ts";

const refusedRule = (name: string, expected: Expected, change: Change): CorpusCase => ({
  attackClass: 14,
  name,
  formats: SIGNED_TIME,
  expected,
  attack: change,
});

export const ruleCases: readonly CorpusCase[] = [
  refusedRule("rule without identities and keys", "rule-empty", identities()),
  refusedRule(
    "empty issuer pattern",
    "rule-pattern-empty",
    identities({ issuer: "", subject: SUBJECT_PATTERN }),
  ),
  refusedRule(
    "empty subject pattern",
    "rule-pattern-empty",
    identities({ issuer: ISSUER_PATTERN, subject: "" }),
  ),
  refusedRule(
    "empty pattern in the second identity",
    "rule-pattern-empty",
    identities({ issuer: ISSUER_PATTERN, subject: SUBJECT_PATTERN }, { issuer: "", subject: "" }),
  ),
  refusedRule("unbalanced parenthesis", "rule-pattern-invalid", subject("^https://(")),
  refusedRule("look-ahead, which Go does not have", "rule-pattern-invalid", subject("^(?=https).*$")),
  refusedRule("back reference, which Go does not have", "rule-pattern-invalid", subject("(a)\\1")),
  refusedRule(
    "invalid pattern beside one that matches",
    "rule-pattern-invalid",
    identities({ issuer: ISSUER_PATTERN, subject: SUBJECT_PATTERN }, { issuer: "x", subject: "(" }),
  ),
  refusedRule("repetition beyond Go's limit", "rule-pattern-invalid", subject("(?:a{1000}){1000}")),
  refusedRule("identities and keys", "rule-ambiguous", rule({ keys: [createKeyPair("p256").publicPem] })),
  refusedRule(
    "key that is no key",
    "rule-key-invalid",
    rule({ identities: [], keys: ["-----BEGIN PUBLIC KEY-----"] }),
  ),
  refusedRule(
    "private key in place of the public one",
    "rule-key-invalid",
    rule({ identities: [], keys: [createKeyPair("p256").privatePem] }),
  ),
  refusedRule("no log wanted for identities", "rule-log-required", rule({ transparencyLog: "none" })),
  refusedRule(
    "claim that no certificate has",
    "rule-claim-unknown",
    identities({ issuer: ISSUER_PATTERN, subject: SUBJECT_PATTERN, claims: { moonPhase: "full" } }),
  ),
  refusedRule(
    "claim by a name that every object has",
    "rule-claim-unknown",
    identities({ issuer: ISSUER_PATTERN, subject: SUBJECT_PATTERN, claims: { constructor: ".*" } }),
  ),
];
