/**
 * What became of an attempt, in one sentence each. The codes are stable: they stand in attempt records, metrics
 * and `sluice deliveries`.
 */
export const OUTCOMES = {
  accepted: "The receiver took it. For Flux: every object that its filter picked is annotated.",
  "bad-request":
    "400: wrong token, or the receiver cannot read its Secret because its API server is out of reach.",
  denied: "401 or 403: something in front of the receiver wants other credentials.",
  "not-found":
    "404: no Receiver with this token, name and namespace; new Receivers and rotated Secrets need a moment.",
  "receiver-timeout": "408: the receiver did not get the whole request in time.",
  gone: "410: the receiver says that it wants no more deliveries.",
  "too-large": "413: the body is larger than the receiver takes.",
  throttled: "429: the receiver asks for fewer requests.",
  "failed-in-cluster":
    "500: at least one object could not be annotated, or the Receiver's filter failed. The others may be annotated.",
  unavailable: "503: the Receiver is suspended or not Ready, or nothing is behind its address.",
  "server-error": "Another 5xx: the receiver, or a proxy in front of it, failed.",
  redirected: "3xx: redirects are not followed, because the target could be any address.",
  "wrong-endpoint":
    "A 2xx that no Flux Receiver gives (202 is the event port's): the address is not the webhook receiver's.",
  "unexpected-status": "A status that a retry does not change.",
  "timed-out": "No answer within a minute. The receiver may still do the work.",
  unresolved: "The receiver's host name has no address.",
  unreachable: "No connection to the receiver.",
  "connection-lost": "The connection broke before an answer came. The receiver may still do the work.",
  "tls-failed": "The receiver's certificate does not verify, or it refused ours.",
  "address-refused": "The receiver's address is one that deliveries may not go to.",
  "identity-unavailable": "The receiver's token, or an identity token for its audience, could not be had.",
  misconfigured: "The receiver's address or keys in sluice.yaml cannot be used.",
  cancelled: "This side stopped before an answer came.",
} as const;

export type OutcomeCode = keyof typeof OUTCOMES;

/** The result of one attempt. Holds nothing secret. */
export interface Outcome {
  readonly code: OutcomeCode;
  readonly status?: number;
  /** What the receiver asked for, as it said it; `schedule.ts` reads and caps it. */
  readonly retryAfter?: string;
  readonly durationMs: number;
  /** HTTP requests made: more than one when an older token was tried. */
  readonly requests: number;
  /** The receiver still knows only the older token: the rotation is not finished there. */
  readonly usedPreviousToken: boolean;
  /** A mark of the secrets that were shown, by which others are told from them; says nothing of what they are. */
  readonly secrets?: string;
  /** A Receiver's 200 has no body; one that has may come from something else that answers for it. */
  readonly unexpectedBody: boolean;
}

/** What an attempt comes to that asked nobody anything. */
export const unsent = (code: OutcomeCode, durationMs = 0): Outcome => ({
  code,
  durationMs,
  requests: 0,
  usedPreviousToken: false,
  unexpectedBody: false,
});

/** `flux`: only 200 means that a Receiver did it. `endpoint`: any 2xx. */
export const outcomeOfStatus = (status: number, target: "flux" | "endpoint"): OutcomeCode => {
  if (status === 200) return "accepted";
  if (status >= 200 && status < 300) return target === "flux" ? "wrong-endpoint" : "accepted";
  if (status >= 300 && status < 400) return "redirected";
  const known: Readonly<Record<number, OutcomeCode>> = {
    400: "bad-request",
    401: "denied",
    403: "denied",
    404: "not-found",
    408: "receiver-timeout",
    410: "gone",
    413: "too-large",
    429: "throttled",
    503: "unavailable",
  };
  const code = known[status];
  if (code !== undefined) return code;
  if (status === 500 && target === "flux") return "failed-in-cluster";
  // 501 and 505 say that the receiver will never do it.
  return status >= 500 && status !== 501 && status !== 505 ? "server-error" : "unexpected-status";
};
