import type { IdentityRule, VerifyRule } from "../../ports.ts";
import { findGoRegexpProblem } from "../go-regexp.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { VerifySpec } from "./fields.ts";
import { hashOf } from "./hash.ts";
import type { ClusterScope } from "./scope.ts";

/** What a kind's `verify` can do; the fields are the same, the controllers differ. */
export interface VerifyAbility {
  /** HelmRelease has no identities at all, the others have. */
  readonly identities: boolean;
  readonly trustedRoot: boolean;
  /** Charts: an error on one key ends the search for a good one. */
  readonly oneKeyOnly: boolean;
}

type RuleParts = Omit<VerifyRule, "id" | "origin">;

const PUBLIC_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PUBLIC KEY-----/;
const TRUSTED_ROOT_KEY = "trusted_root.json";

/** Nobody's signature satisfies it: what Flux or a careful verifier would refuse must not pass here. */
const UNSATISFIABLE: RuleParts = { identities: [], keys: [], transparencyLog: "required" };

const toRule = (parts: RuleParts): VerifyRule => ({ id: hashOf(parts), origin: "object", ...parts });

const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const compileKeys = (
  secretName: string,
  ability: VerifyAbility,
  manifest: Manifest,
  scope: ClusterScope,
): RuleParts => {
  const { namespace } = manifest.ref;
  const data = scope.secret(namespace, secretName);
  const keys = Object.entries(data ?? {})
    .filter(([name]) => name.endsWith(".pub"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, bytes]) => toText(bytes))
    .filter((text) => PUBLIC_KEY.test(text));
  if (data === undefined) {
    scope.report("secret-unavailable", `secret ${namespace}/${secretName} with the public keys`, manifest);
  } else if (keys.length === 0) {
    scope.report("verify-no-key", `secret ${namespace}/${secretName} holds no PEM key named *.pub`, manifest);
  } else if (keys.length > 1 && ability.oneKeyOnly) {
    const message = "Flux stops at the first key that fails, in no fixed order: with several, it may refuse";
    scope.report("verify-several-keys", message, manifest);
  }
  return { identities: [], keys, transparencyLog: "none" };
};

const patternProblem = ({ issuer, subject }: IdentityRule): string | undefined => {
  for (const pattern of [issuer, subject]) {
    const problem = findGoRegexpProblem(pattern);
    if (problem !== undefined) return `${JSON.stringify(pattern)}: ${problem}`;
  }
  return undefined;
};

/** One bad entry spoils the list: Flux fails the whole verification on it. */
const checkIdentities = (
  identities: readonly IdentityRule[],
  manifest: Manifest,
  scope: ClusterScope,
): readonly IdentityRule[] => {
  if (identities.length === 0) {
    const message =
      "keyless verification without matchOIDCIdentity: any signer, or none, depending on the format";
    scope.report("verify-no-identity", message, manifest);
    return [];
  }
  if (identities.some(({ issuer, subject }) => issuer === "" || subject === "")) {
    const message = "an empty issuer or subject matches everybody in one format and fails in the other";
    scope.report("verify-empty-pattern", message, manifest);
    return [];
  }
  for (const identity of identities) {
    const problem = patternProblem(identity);
    if (problem === undefined) continue;
    scope.report("verify-pattern-invalid", problem, manifest);
    return [];
  }
  if (identities.length > 1) {
    const message = "Flux refuses signatures in bundle format when matchOIDCIdentity has several entries";
    scope.report("verify-several-identities", message, manifest);
  }
  return identities;
};

const compileTrustedRoot = (secretName: string, manifest: Manifest, scope: ClusterScope): string => {
  const { namespace } = manifest.ref;
  const name = `secret:${scope.cluster}/${namespace}/${secretName}`;
  const bytes = scope.secret(namespace, secretName)?.[TRUSTED_ROOT_KEY];
  if (bytes === undefined) {
    const message = `secret ${namespace}/${secretName} has no ${TRUSTED_ROOT_KEY} that can be read`;
    scope.report("verify-trusted-root-missing", message, manifest);
  } else scope.trustedRoots.set(name, toText(bytes));
  return name;
};

const reportIgnored = (field: string, manifest: Manifest, scope: ClusterScope): void => {
  scope.report("verify-ignored-field", `Flux does not read verify.${field} here`, manifest);
};

const compileKeyless = (
  verify: VerifySpec,
  ability: VerifyAbility,
  manifest: Manifest,
  scope: ClusterScope,
): RuleParts => {
  const written = verify.matchOIDCIdentity ?? [];
  if (written.length > 0 && !ability.identities) reportIgnored("matchOIDCIdentity", manifest, scope);
  const identities = checkIdentities(ability.identities ? written : [], manifest, scope);
  const parts: RuleParts = { ...UNSATISFIABLE, identities };
  const root = verify.trustedRootSecretRef;
  if (!root) return parts;
  if (ability.trustedRoot) return { ...parts, trustedRoot: compileTrustedRoot(root.name, manifest, scope) };
  reportIgnored("trustedRootSecretRef", manifest, scope);
  return parts;
};

/** `spec.verify` as rules: none when it is absent, one that nothing satisfies when it cannot be served. */
export const compileVerify = (
  verify: VerifySpec | null | undefined,
  ability: VerifyAbility,
  manifest: Manifest,
  scope: ClusterScope,
): readonly VerifyRule[] => {
  if (!verify) return [];
  const provider = verify.provider ?? "cosign";
  if (provider !== "cosign") {
    const message = `verify.provider ${JSON.stringify(provider)} is not verified by Sluice`;
    scope.report("verify-notation", message, manifest);
    return [toRule(UNSATISFIABLE)];
  }
  if (!verify.secretRef) return [toRule(compileKeyless(verify, ability, manifest, scope))];
  // With keys, Flux reads neither identities nor a trusted root.
  if (verify.matchOIDCIdentity?.length) reportIgnored("matchOIDCIdentity", manifest, scope);
  if (verify.trustedRootSecretRef) reportIgnored("trustedRootSecretRef", manifest, scope);
  return [toRule(compileKeys(verify.secretRef.name, ability, manifest, scope))];
};
