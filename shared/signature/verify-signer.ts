import type { Identity } from "../ports.ts";
import type { Certificate } from "./certificate/certificate.ts";
import { readIdentity } from "./certificate/fulcio-certificate.ts";
import type { SignedMaterial } from "./evidence/material.ts";
import { requireIdentity } from "./identity.ts";
import type { Reason } from "./reasons.ts";
import { Refusal, refuse } from "./refusal.ts";
import type { CompiledRule, RuleKey, RuleView } from "./rule.ts";
import { verifyKeyed } from "./verify-keyed.ts";
import { type ContentVerifier, type MaterialContext, verifyKeyless } from "./verify-material.ts";

/** Whether the evidence is signed by the kind of signer, and the identity, that this view asks for. Throws Refusal. */
export const screenSigner = ({ signer }: RuleView, certificate: Certificate | undefined): void => {
  if (signer.kind === "keys") return;
  if (certificate === undefined) refuse("certificate-missing", "signed with a key");
  const identity = readIdentity(certificate);
  if (!signer.anybody) requireIdentity(certificate, identity, signer.identities);
};

/** The keys of whichever view there is: both read the same ones. */
const keysOf = ({ strict, parity }: CompiledRule): readonly RuleKey[] | undefined => {
  for (const view of [strict, parity]) {
    if (typeof view !== "string") return view.signer.kind === "keys" ? view.signer.keys : undefined;
  }
  return undefined;
};

const verifyWithKeys = async (
  keys: readonly RuleKey[],
  material: SignedMaterial,
  rule: CompiledRule,
  context: Partial<MaterialContext>,
  verifyContent: ContentVerifier,
): Promise<{ keyId: string }> => {
  let last: Reason = "key-mismatch";
  for (const key of keys) {
    try {
      await verifyKeyed(material, key, rule.transparencyLog, context.root, verifyContent);
      return { keyId: key.id };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // A key that did not sign says nothing; one that did, but without its log entry, says why.
      if (error.reason !== "signature-invalid") last = error.reason;
    }
  }
  return refuse(last, "no key of the rule verifies the evidence");
};

/** Verifies who signed, with the rule's keys or by the certificate. Throws Refusal. */
export const verifySigner = async (
  material: SignedMaterial,
  rule: CompiledRule,
  context: Partial<MaterialContext> & Pick<MaterialContext, "signers">,
  verifyContent: ContentVerifier,
): Promise<{ identity: Identity } | { keyId: string }> => {
  const keys = keysOf(rule);
  if (keys !== undefined) return verifyWithKeys(keys, material, rule, context, verifyContent);
  const { certificate } = material;
  const { root, signers } = context;
  if (certificate === undefined) return refuse("certificate-missing", "signed with a key");
  if (root === undefined) return refuse("certificate-untrusted", "no trusted root");
  if (rule.transparencyLog === "none")
    return refuse("rule-log-required", "identities need a log or a timestamp");
  const identity = readIdentity(certificate);
  await verifyKeyless(material, rule.transparencyLog, { root, signers }, verifyContent);
  return { identity };
};
