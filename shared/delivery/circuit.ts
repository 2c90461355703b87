import type { Outcome, OutcomeCode } from "./outcomes.ts";
import { parseRetryAfter } from "./schedule.ts";

/**
 * One receiver's circuit, as a value that a store can keep. `open`: nothing is sent before `untilMs`.
 * `half-open`: one attempt is out to see; if its result never comes, another may go after `untilMs`.
 */
export type Circuit =
  | { readonly state: "closed"; readonly failures: number }
  | { readonly state: "open"; readonly untilMs: number; readonly openings: number }
  | { readonly state: "half-open"; readonly untilMs: number; readonly openings: number }
  /** It said that it wants no more (410): nothing is sent until a person enables it. */
  | { readonly state: "disabled"; readonly sinceMs: number };

export const CLOSED: Circuit = { state: "closed", failures: 0 };

/** Failures in a row that open it. */
export const FAILURES_TO_OPEN = 5;
const FIRST_OPEN_MS = 5_000;
const MAX_OPEN_MS = 5 * 60_000;
/** Longer than an attempt may take: a minute for each of up to three requests, and the identity token. */
const PROBE_LEASE_MS = 200_000;

/**
 * What says that nobody is there, or that less would be better. A quick 400, 404, 500 (an absent neighbour) or 503
 * (suspended) comes from a receiver that is alive: the schedule of its delivery deals with that.
 */
const FAILURES: ReadonlySet<OutcomeCode> = new Set<OutcomeCode>([
  "timed-out",
  "unresolved",
  "unreachable",
  "connection-lost",
  "tls-failed",
  "receiver-timeout",
  "server-error",
  "throttled",
]);

/** Outcomes of ours alone: they say nothing about the receiver. */
const NEUTRAL: ReadonlySet<OutcomeCode> = new Set<OutcomeCode>([
  "address-refused",
  "identity-unavailable",
  "misconfigured",
  "cancelled",
]);

export const mayTry = (circuit: Circuit, nowMs: number): boolean =>
  circuit.state === "closed" || (circuit.state !== "disabled" && nowMs >= circuit.untilMs);

/** To be stored before the attempt that `mayTry` allowed, so that only one goes to a receiver that may be dead. */
export const onTry = (circuit: Circuit, nowMs: number): Circuit =>
  circuit.state === "closed" || circuit.state === "disabled"
    ? circuit
    : { state: "half-open", untilMs: nowMs + PROBE_LEASE_MS, openings: circuit.openings };

const open = (openings: number, atLeastMs: number, nowMs: number, random: number): Circuit => {
  const meanMs = Math.min(FIRST_OPEN_MS * 2 ** Math.min(openings, 10), MAX_OPEN_MS);
  const openMs = Math.max(meanMs * (0.75 + random / 2), atLeastMs);
  return { state: "open", untilMs: Math.ceil(nowMs + openMs), openings: openings + 1 };
};

/** `random` is uniform in [0, 1) and spreads the probes of receivers that died together. */
export const onResult = (
  circuit: Circuit,
  outcome: Pick<Outcome, "code" | "retryAfter">,
  nowMs: number,
  random: number,
): Circuit => {
  // Whatever a request that was still out came to: that takes a person.
  if (circuit.state === "disabled") return circuit;
  if (outcome.code === "gone") return { state: "disabled", sinceMs: nowMs };
  if (NEUTRAL.has(outcome.code)) {
    // The probe never left: let another go at once.
    return circuit.state === "half-open" ? { ...circuit, state: "open", untilMs: nowMs } : circuit;
  }
  if (!FAILURES.has(outcome.code)) return CLOSED;
  const askedMs = outcome.code === "throttled" ? (parseRetryAfter(outcome.retryAfter, nowMs) ?? 0) : 0;
  if (circuit.state !== "closed") {
    // Several attempts were out when it opened: their late failures must not double the wait each.
    if (circuit.state === "open") return { ...circuit, untilMs: Math.max(circuit.untilMs, nowMs + askedMs) };
    return open(circuit.openings, askedMs, nowMs, random);
  }
  const failures = circuit.failures + 1;
  return failures >= FAILURES_TO_OPEN || askedMs > 0
    ? open(0, askedMs, nowMs, random)
    : { state: "closed", failures };
};
