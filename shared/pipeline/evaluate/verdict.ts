import type { ArtifactName } from "../../artifact/repository.ts";
import { PipelineError } from "../../errors.ts";
import type { Identity, Subscription, Verification, Verifier, VerifyRule } from "../../ports.ts";

/** Who must have signed what a subscription takes: the object's own rules AND sluice.yaml's. */
export type Requirement =
  | { readonly kind: "rules"; readonly rules: readonly VerifyRule[] }
  /** sluice.yaml says `unverified: allow` for this repository. */
  | { readonly kind: "allowed" }
  /** Nobody said who must sign: default deny. */
  | { readonly kind: "none" };

/** Names what is asked: another name, other rules. */
export const toRequirementId = (requirement: Requirement): string =>
  requirement.kind === "rules"
    ? requirement.rules
        .map(({ id, origin }) => `${origin}:${id}`)
        .sort()
        .join(" ")
    : requirement.kind;

export type RequirementOf = (subscription: Subscription) => Requirement;

/** Only `judge` below makes one: what was not verified cannot become a delivery. */
declare const judged: unique symbol;

type Facts = Readonly<Record<string, unknown>>;

/** What an artifact's evidence says about one subscription, after every rule was asked. */
export type EvidenceVerdict = { readonly facts: Facts; readonly [judged]: true } & (
  | { readonly kind: "verified"; readonly requirement: string; readonly identity?: Identity }
  | { readonly kind: "allowed"; readonly requirement: string }
  | { readonly kind: "unverified"; readonly reason: string; readonly mayStillArrive: boolean }
);

const seal = (verdict: DistributiveOmit<EvidenceVerdict, typeof judged>): EvidenceVerdict =>
  verdict as EvidenceVerdict;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Answer {
  readonly rule: VerifyRule;
  readonly verification: Verification;
}

/** Strict decides; where the object itself has `verify`, Flux must be able to agree (parity). */
const refusalOf = ({ rule, verification: { strict, parity } }: Answer): string | undefined => {
  if (!strict.verified) return strict.reason;
  return rule.origin === "object" && !parity.verified ? "flux-would-refuse" : undefined;
};

const toFacts = (answers: readonly Answer[]): Facts => ({
  rules: answers.map(({ rule, verification: { strict, parity, differences, evidence } }) => ({
    rule: rule.id,
    origin: rule.origin,
    strict: strict.verified ? "verified" : strict.reason,
    parity: parity.verified ? "verified" : parity.reason,
    ...(differences.length === 0 ? {} : { differences }),
    ...(strict.verified && strict.identity !== undefined ? { identity: strict.identity } : {}),
    evidence,
  })),
});

const unverified = (reason: string, facts: Facts, mayStillArrive = true): EvidenceVerdict =>
  seal({ kind: "unverified", reason, mayStillArrive, facts });

/** Its tag is gone: whatever its evidence says, nobody can take it. The tag may come back. */
export const TAG_GONE = unverified("tag-gone", {});

const ask = (
  verifier: Verifier,
  rules: readonly VerifyRule[],
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<readonly Answer[]> =>
  Promise.all(
    rules.map(async (rule) => ({ rule, verification: await verifier.verify(artifact, rule, signal) })),
  );

/**
 * What an error comes to that no retry changes (an address that may not be reached, an answer too large): nothing
 * was verified. Undefined for errors that leave the question open.
 */
export const toUnusable = (error: unknown): EvidenceVerdict | undefined =>
  error instanceof PipelineError && error.disposition === "drop"
    ? unverified("registry-unusable", { error: error.code })
    : undefined;

/** Asks the verifier for every rule. Throws when a registry or trust root is out of reach: not an answer. */
export const judge = async (
  verifier: Verifier,
  requirement: Requirement,
  artifact: ArtifactName,
  signal: AbortSignal,
): Promise<EvidenceVerdict> => {
  const id = toRequirementId(requirement);
  if (requirement.kind === "allowed") return seal({ kind: "allowed", requirement: id, facts: {} });
  if (requirement.kind === "none" || requirement.rules.length === 0) {
    return unverified("no-identity-rule", {}, false);
  }
  let answers: readonly Answer[];
  try {
    answers = await ask(verifier, requirement.rules, artifact, signal);
  } catch (error) {
    const verdict = toUnusable(error);
    if (verdict === undefined) throw error;
    return verdict;
  }
  const facts = toFacts(answers);
  for (const answer of answers) {
    const reason = refusalOf(answer);
    if (reason !== undefined) return unverified(reason, facts);
  }
  const identity = answers
    .map(({ verification: { strict } }) => (strict.verified ? strict.identity : undefined))
    .find(Boolean);
  return seal({ kind: "verified", requirement: id, facts, ...(identity === undefined ? {} : { identity }) });
};
