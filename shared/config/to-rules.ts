import { type RepositoryName, toRepositoryName } from "../artifact/repository.ts";
import type { RuleSettings } from "./config.ts";
import { parseRepositoryGlob, type RepositoryGlob } from "./repository-glob.ts";
import type { ConfigInput } from "./schema.ts";
import { toTrust, type WithFolder } from "./to-references.ts";

/** The patterns of a checked list. */
export const toGlobs = (repositories: string | readonly string[]): readonly RepositoryGlob[] =>
  (typeof repositories === "string" ? [repositories] : repositories)
    .map((text) => parseRepositoryGlob(text))
    .filter((glob) => glob !== undefined);

const toRepository = (text: string): RepositoryName => {
  const slash = text.indexOf("/");
  return toRepositoryName(text.slice(0, slash), text.slice(slash + 1));
};

export const toRules = (
  input: NonNullable<ConfigInput["rules"]>,
  deadlineMs: number,
  at: WithFolder,
): readonly RuleSettings[] =>
  input.map((rule, index) => ({
    key: `rules[${index}]`,
    repositories: toGlobs(rule.repositories),
    ...toTrust(rule, at),
    ...(rule.predicateType === undefined ? {} : { predicateType: rule.predicateType }),
    ...(rule.signatureRepository === undefined
      ? {}
      : { signatureRepository: toRepository(rule.signatureRepository) }),
    deadlineMs: rule.evidence?.deadline ?? deadlineMs,
  }));

/** The rules that speak about a repository; every one that asks for a signature must hold. */
export const rulesFor = (rules: readonly RuleSettings[], name: RepositoryName): readonly RuleSettings[] =>
  rules.filter(({ repositories }) => repositories.some((glob) => glob.matches(name)));
