import type { Identity } from "../ports.ts";
import { furthest, type Reason } from "./reasons.ts";
import { toReason } from "./refusal.ts";
import type { CompiledRule, RuleView } from "./rule.ts";

/** One side's word on one piece of evidence. */
export type Finding =
  | { readonly verified: true; readonly identity?: Identity; readonly keyId?: string }
  | { readonly verified: false; readonly reason: Reason };

export interface Findings {
  readonly strict: Finding;
  readonly parity: Finding;
}

export const refused = (reason: Reason): Finding => ({ verified: false, reason });

export const bothRefused = (reason: Reason): Findings => ({
  strict: refused(reason),
  parity: refused(reason),
});

/** Runs a view's cheap checks; the reason it says no, or undefined to go on. */
export type Screen = (view: RuleView) => void;

const screen = (view: RuleView | Reason, check: Screen): Reason | undefined => {
  if (typeof view === "string") return view;
  try {
    check(view);
    return undefined;
  } catch (error) {
    return toReason(error);
  }
};

/**
 * Judges one piece of evidence for both sides: what each asks beyond the cryptography first, and the costly
 * common part only if a side is still left to convince.
 */
export const judge = async (
  { strict, parity }: CompiledRule,
  check: Screen,
  verify: () => Promise<Omit<Finding & { verified: true }, "verified">>,
): Promise<Findings> => {
  const strictReason = screen(strict, check);
  const parityReason = parity === strict ? strictReason : screen(parity, check);
  if (strictReason !== undefined && parityReason !== undefined) {
    return { strict: refused(strictReason), parity: refused(parityReason) };
  }
  try {
    const signer = await verify();
    const verified: Finding = { verified: true, ...signer };
    return {
      strict: strictReason === undefined ? verified : refused(strictReason),
      parity: parityReason === undefined ? verified : refused(parityReason),
    };
  } catch (error) {
    const reason = toReason(error);
    return {
      strict: refused(strictReason ?? reason),
      parity: refused(parityReason ?? reason),
    };
  }
};

/** One verified finding is enough; otherwise the reason that got furthest, or `none` when nothing was found. */
export const combine = (findings: readonly Finding[], none: Reason): Finding => {
  const verified = findings.find((finding) => finding.verified);
  if (verified !== undefined) return verified;
  const reasons = findings.flatMap((finding) => (finding.verified ? [] : [finding.reason]));
  return { verified: false, reason: reasons.length === 0 ? none : reasons.reduce(furthest) };
};
