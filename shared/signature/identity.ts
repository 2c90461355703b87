import { compileGoPattern, MAX_PATTERN_SIZE } from "../go-pattern.ts";
import type { IdentityRule } from "../ports.ts";
import type { Certificate } from "./certificate/certificate.ts";
import {
  type ClaimedIdentity,
  type ClaimName,
  claimOf,
  isClaimName,
} from "./certificate/fulcio-certificate.ts";
import { toLiteralMatch } from "./literal-pattern.ts";
import { createLru } from "./lru.ts";
import { refuse } from "./refusal.ts";

/** A compiled Go regular expression. */
export interface Pattern {
  matches(text: string): boolean;
}

const CACHE_CAPACITY = 1024;
const compiled = createLru<Pattern>(CACHE_CAPACITY);

const toGoMatch = (source: string): Pattern["matches"] | undefined => {
  try {
    const expression = compileGoPattern(source);
    return (text) => expression.matcher(text).find();
  } catch {
    return undefined;
  }
};

/**
 * Compiles with Go's RE2 syntax and matches as Go's `MatchString` does: anywhere in the text, case-sensitive.
 * Undefined when Go would not compile it either, or when it is too large.
 */
export const compilePattern = (source: string): Pattern | undefined => {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  if (source.length > MAX_PATTERN_SIZE) return undefined;
  const matches = toLiteralMatch(source) ?? toGoMatch(source);
  if (matches === undefined) return undefined;
  compiled.set(source, { matches });
  return { matches };
};

export interface ClaimPattern {
  readonly name: ClaimName;
  readonly pattern: Pattern;
}

export interface IdentityPattern {
  readonly issuer: Pattern;
  readonly subject: Pattern;
  readonly claims: readonly ClaimPattern[];
}

const compileOrRefuse = (source: string): Pattern =>
  compilePattern(source) ??
  refuse("rule-pattern-invalid", `not a Go regular expression: ${source.slice(0, 200)}`);

/** An empty pattern matches everybody; nobody means that. */
const compileRequired = (source: string): Pattern =>
  source === "" ? refuse("rule-pattern-empty", "issuer or subject is empty") : compileOrRefuse(source);

export const compileIdentity = ({ issuer, subject, claims = {} }: IdentityRule): IdentityPattern => ({
  issuer: compileRequired(issuer),
  subject: compileRequired(subject),
  claims: Object.entries(claims).map(([name, source]) => ({
    name: isClaimName(name) ? name : refuse("rule-claim-unknown", name.slice(0, 100)),
    pattern: compileRequired(source),
  })),
});

const holdsClaims = (certificate: Certificate, claims: readonly ClaimPattern[]): boolean =>
  claims.every(({ name, pattern }) => {
    const value = claimOf(certificate, name);
    return value !== undefined && pattern.matches(value);
  });

/** Requires one of the identities: issuer AND subject AND all its claims. Throws Refusal. */
export const requireIdentity = (
  certificate: Certificate,
  { issuer, subject }: ClaimedIdentity,
  identities: readonly IdentityPattern[],
): void => {
  const matching = identities.filter((rule) => rule.issuer.matches(issuer) && rule.subject.matches(subject));
  if (matching.length === 0) refuse("identity-mismatch", "no identity matches");
  if (!matching.some(({ claims }) => holdsClaims(certificate, claims)))
    refuse("claim-mismatch", "claims do not match");
};
