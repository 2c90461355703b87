import type { Evidence, Verification } from "../ports.ts";
import { differencesBetween } from "./differences.ts";
import type { Examined } from "./examine.ts";
import { combine, type Finding, refused } from "./finding.ts";
import type { Reason } from "./reasons.ts";
import type { CompiledRule } from "./rule.ts";
import type { Found } from "./search.ts";

const toEvidence = ({ kind, digest, findings: { strict } }: Examined): Evidence => {
  if (!strict.verified) return { kind, digest, outcome: strict.reason };
  return { kind, digest, outcome: "verified", ...(strict.identity && { identity: strict.identity }) };
};

/** Other things refer to an artifact too (SBOMs, scan reports); they are no failed signatures. */
const isSignature = ({ kind, findings: { strict } }: Examined): boolean =>
  kind !== "unknown" || (!strict.verified && strict.reason !== "evidence-type-mismatch");

const strictFinding = (
  { strict }: CompiledRule,
  found: readonly Examined[],
  obstacles: readonly Reason[],
): Finding =>
  typeof strict === "string"
    ? refused(strict)
    : combine(
        [...found.filter(isSignature).map(({ findings }) => findings.strict), ...obstacles.map(refused)],
        "unsigned",
      );

/** Flux looks at bundles alone once one of the referrers is one, and otherwise at the older tag. */
const parityFinding = ({ parity }: CompiledRule, { referrers, tagged }: Found, strict: Finding): Finding => {
  if (typeof parity === "string") return refused(parity);
  const bundles = referrers.filter(({ isFluxBundle }) => isFluxBundle);
  const visible = bundles.length > 0 ? bundles : tagged;
  const finding = combine(
    visible.map(({ findings }) => findings.parity),
    "unsigned",
  );
  const hidden = bundles.length > 0 && tagged.some(({ findings }) => findings.strict.verified);
  return !finding.verified && strict.verified && hidden ? refused("flux-bundle-first") : finding;
};

/** Puts what was found together: one verdict per side, and the name of every difference. */
export const toVerification = (rule: CompiledRule, found: Found): Verification => {
  const all = [...found.referrers, ...found.tagged];
  const strict = strictFinding(rule, all, found.obstacles);
  const parity = rule.parity === rule.strict ? strict : parityFinding(rule, found, strict);
  return { strict, parity, differences: differencesBetween(strict, parity), evidence: all.map(toEvidence) };
};
