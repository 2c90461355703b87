import type { Reason } from "./reasons.ts";

/**
 * How a check inside the core says no. It never leaves the core: `verify*` functions turn it into a value, and
 * anything else that is thrown into `verification-failed`.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: Reason;

  constructor(reason: Reason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Written with its type beside its name, so that the compiler knows that nothing goes on after a call. */
export const refuse: (reason: Reason, detail: string) => never = (reason, detail) => {
  throw new Refusal(reason, detail);
};

/** Runs a parser whose own refusals are about generic form, and names what was malformed. */
export const refuseAs = <T>(reason: Reason, parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Refusal && error.reason === "evidence-malformed") refuse(reason, error.message);
    throw error;
  }
};

/** The stable code of anything that was thrown inside a check. */
export const toReason = (error: unknown): Reason =>
  error instanceof Refusal ? error.reason : "verification-failed";
