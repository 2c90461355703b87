import { formatRepository, type RepositoryName } from "../../artifact/repository.ts";
import type { Subscription, VerifyRule } from "../../ports.ts";
import type { Requirement, RequirementOf } from "./verdict.ts";

/** One entry of `rules` in sluice.yaml, with its keys read. */
export interface RepositoryRule {
  matches(repository: RepositoryName): boolean;
  /** `allow`: nobody has to sign. */
  readonly requires: VerifyRule | "allow";
  readonly deadlineMs: number;
}

export interface Requirements {
  readonly requirementOf: RequirementOf;
  readonly evidenceDeadlineMsOf: (subscription: Subscription) => number;
}

/**
 * sluice.yaml's rules AND the object's own, so that no tenant can loosen them. `allow` counts only where nothing
 * else asks for a signature.
 */
const combine = (own: readonly VerifyRule[], required: readonly RepositoryRule[]): Requirement => {
  const rules = [...own, ...required.map(({ requires }) => requires).filter((rule) => rule !== "allow")];
  if (rules.length > 0) return { kind: "rules", rules };
  return required.length > 0 ? { kind: "allowed" } : { kind: "none" };
};

export const createRequirements = (rules: readonly RepositoryRule[], deadlineMs: number): Requirements => {
  // Few repositories, asked about over and over.
  const byRepository = new Map<string, readonly RepositoryRule[]>();
  const rulesOf = ({ repository }: Subscription): readonly RepositoryRule[] => {
    const key = formatRepository(repository);
    let found = byRepository.get(key);
    if (found === undefined) {
      found = rules.filter((rule) => rule.matches(repository));
      byRepository.set(key, found);
    }
    return found;
  };
  return {
    requirementOf: (subscription) => combine(subscription.rules, rulesOf(subscription)),
    evidenceDeadlineMsOf: (subscription) => {
      const deadlines = rulesOf(subscription).map((rule) => rule.deadlineMs);
      return deadlines.length === 0 ? deadlineMs : Math.max(...deadlines);
    },
  };
};
