import { createHash } from "node:crypto";
import type { RuleSettings, TrustSettings } from "../../../shared/config/config.ts";
import type { RepositoryRule } from "../../../shared/pipeline/evaluate/requirement.ts";
import type { SecretSource, VerifyRule } from "../../../shared/ports.ts";

/** A rule of sluice.yaml with its keys read. Throws `SECRET_UNAVAILABLE`. */
export const toVerifyRule = async (
  rule: TrustSettings & Partial<Pick<RuleSettings, "predicateType" | "signatureRepository">>,
  secrets: SecretSource,
): Promise<VerifyRule> => {
  const keys = await Promise.all(rule.keys.map(async (ref) => (await secrets.read(ref)).reveal()));
  const { identities, transparencyLog, trustedRoot, predicateType, signatureRepository } = rule;
  const content = {
    origin: "sluice",
    identities,
    keys,
    transparencyLog,
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
    ...(predicateType === undefined ? {} : { predicateType }),
    ...(signatureRepository === undefined ? {} : { signatureRepository }),
  } as const;
  return { id: createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16), ...content };
};

/** sluice.yaml's rules with their keys read. Throws `SECRET_UNAVAILABLE` for a key that is not there. */
export const readRules = (
  rules: readonly RuleSettings[],
  secrets: SecretSource,
): Promise<readonly RepositoryRule[]> =>
  Promise.all(
    rules.map(async (rule) => ({
      matches: (repository) => rule.repositories.some((glob) => glob.matches(repository)),
      requires: rule.unverified ? "allow" : await toVerifyRule(rule, secrets),
      deadlineMs: rule.deadlineMs,
    })),
  );
