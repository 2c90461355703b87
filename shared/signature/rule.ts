import { createHash } from "node:crypto";
import type { IdentityRule, VerifyRule } from "../ports.ts";
import { decodePem, labelOfPem } from "./encoding/pem.ts";
import { sha256 } from "./evidence/material.ts";
import { compileIdentity, compilePattern, type IdentityPattern } from "./identity.ts";
import { encodeKey, importKey } from "./key/keys.ts";
import type { Reason } from "./reasons.ts";
import { Refusal, refuse, toReason } from "./refusal.ts";
import type { KnownKey } from "./verify-keyed.ts";
import type { LogRequirement } from "./verify-material.ts";

export interface RuleKey extends KnownKey {
  /** `sha256:` of the key info. */
  readonly id: string;
}

export type RuleSigner =
  | {
      readonly kind: "identities";
      readonly identities: readonly IdentityPattern[];
      readonly anybody: boolean;
    }
  | { readonly kind: "keys"; readonly keys: readonly RuleKey[] };

/** How one side reads the rule: what it asks of evidence in each storage format, or why it accepts none. */
export interface RuleView {
  readonly signer: RuleSigner;
  /** The statement's predicate type; undefined where any will do. */
  readonly predicateType: string | undefined;
  /** Whether the payload must call itself a signature. */
  readonly payloadType: boolean;
  readonly refusesBundles: Reason | undefined;
  readonly refusesLegacy: Reason | undefined;
  /** Whether keyless evidence must also pass what Flux alone asks of it. */
  readonly asFlux: boolean;
}

export interface CompiledRule {
  /** Hash of everything the rule says: part of cache keys, so no two rules can share a verdict. */
  readonly fingerprint: string;
  readonly strict: RuleView | Reason;
  readonly parity: RuleView | Reason;
  readonly transparencyLog: LogRequirement;
}

/** What `cosign sign` writes into its statements. */
export const SIGNATURE_PREDICATE = "https://sigstore.dev/cosign/sign/v1";

const readKey = (pem: string): RuleKey => {
  const text = pem.trim();
  const pkcs1 = labelOfPem(text) === "RSA PUBLIC KEY";
  const der = decodePem(text, pkcs1 ? "RSA PUBLIC KEY" : "PUBLIC KEY");
  const key = importKey(der, pkcs1 ? "pkcs1" : "spki");
  if (key === undefined) return refuse("rule-key-invalid", "unsupported key");
  const publicKeyInfo = encodeKey(key);
  return { id: `sha256:${sha256(publicKeyInfo).toString("hex")}`, key, publicKeyInfo };
};

const compileKey = (pem: string): RuleKey => {
  try {
    return readKey(pem);
  } catch (error) {
    if (error instanceof Refusal) return refuse("rule-key-invalid", error.message);
    throw error;
  }
};

/** Whether a text is a public key that a rule may name. */
export const isRuleKey = (pem: string): boolean => {
  try {
    compileKey(pem);
    return true;
  } catch {
    return false;
  }
};

const compileKeys = (keys: readonly string[]): RuleSigner => ({ kind: "keys", keys: keys.map(compileKey) });

const compileStrict = (rule: VerifyRule): RuleView => {
  const { identities, keys } = rule;
  if (identities.length === 0 && keys.length === 0) return refuse("rule-empty", "no identities and no keys");
  if (identities.length > 0 && keys.length > 0) return refuse("rule-ambiguous", "identities and keys");
  if (identities.length > 0 && rule.transparencyLog === "none")
    refuse("rule-log-required", "identities without a log");
  const signer: RuleSigner =
    keys.length > 0
      ? compileKeys(keys)
      : { kind: "identities", identities: identities.map(compileIdentity), anybody: false };
  return {
    signer,
    predicateType: rule.predicateType ?? SIGNATURE_PREDICATE,
    payloadType: true,
    refusesBundles: undefined,
    refusesLegacy: undefined,
    asFlux: false,
  };
};

const ANYTHING = { matches: () => true };

/** In Flux an empty pattern of a legacy signature asks for nothing, and it knows no further claims. */
const compileAsFlux = ({ issuer, subject }: IdentityRule): IdentityPattern => {
  const compile = (source: string) =>
    source === ""
      ? ANYTHING
      : (compilePattern(source) ?? refuse("flux-rule-refused", "pattern does not compile"));
  return { issuer: compile(issuer), subject: compile(subject), claims: [] };
};

const bundleRefusal = (identities: readonly IdentityRule[]): Reason | undefined => {
  if (identities.length > 1) return "flux-multiple-identities";
  const [only] = identities;
  return only === undefined || only.issuer === "" || only.subject === "" ? "flux-rule-refused" : undefined;
};

/** Flux's own reading of a `spec.verify` (source-controller 1.9 with cosign v3). */
const compileParity = (rule: VerifyRule): RuleView => {
  const { identities, keys } = rule;
  const any = { predicateType: undefined, payloadType: false };
  if (keys.length > 0) {
    const signer = compileKeys(keys);
    return { ...any, signer, refusesBundles: undefined, refusesLegacy: undefined, asFlux: false };
  }
  const withoutLog: Reason | undefined =
    rule.transparencyLog === "required" ? undefined : "flux-log-required";
  return {
    ...any,
    signer: {
      kind: "identities",
      identities: identities.map(compileAsFlux),
      anybody: identities.length === 0,
    },
    refusesBundles: withoutLog ?? bundleRefusal(identities),
    refusesLegacy: withoutLog,
    asFlux: true,
  };
};

const attempt = (compile: () => RuleView): RuleView | Reason => {
  try {
    return compile();
  } catch (error) {
    return toReason(error);
  }
};

const fingerprintOf = (rule: VerifyRule): string => {
  const { id, origin, identities, keys, trustedRoot, transparencyLog, predicateType, signatureRepository } =
    rule;
  const content = [
    id,
    origin,
    identities,
    keys,
    trustedRoot,
    transparencyLog,
    predicateType,
    signatureRepository,
  ];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
};

/** Reads a rule as both sides do. A rule that one side cannot use is that side's reason, not an error. */
export const compileRule = (rule: VerifyRule): CompiledRule => {
  const strict = attempt(() => compileStrict(rule));
  return {
    fingerprint: fingerprintOf(rule),
    strict,
    // Only `spec.verify` is Flux's to judge; a rule of our own it has never seen.
    parity: rule.origin === "object" ? attempt(() => compileParity(rule)) : strict,
    transparencyLog: rule.transparencyLog,
  };
};
