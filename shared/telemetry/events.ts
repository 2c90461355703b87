/** Every line of the log: the name of what happened, and when it is written. */
export const LOG_EVENTS = {
  "intake-accepted": "events were taken and are on disk; how many of each kind",
  "intake-refused": "a request did not prove who sent it",
  "intake-unreadable": "an authentic request that cannot be read",
  "neighbour-absent":
    "a receiver answers 500 again and again: most likely it lists an object that is not in the cluster",
  "intake-handshake": "a sender asked whether it may send",
  "intake-limited":
    "a source brought more events than `limits.eventsPerMinute`; none of these was stored, the sweep finds what they announced",
  "intake-uncounted": "a source's events could not be counted and were let in",
  "intake-alone":
    "a source's events could not be counted together with other instances; for some seconds this one counts alone",
  "intake-failed": "events could not be stored; the sender was told to try again",
  "push-unmatched": "no object follows the repository of a push",
  "request-failed": "a request to Sluice itself could not be answered; the caller was told to try again",
  "rotation-unfinished": "a receiver still knows only the previous token",
  "answer-unexpected":
    "a receiver's 200 had a body, which a Flux Receiver's has not: something else may answer at its address",
  decision: "a decision was recorded",
  "sweep-recovered": "the sweep found a version, or evidence, whose event never came",
  "sweep-failed":
    "the sweep passed over an object, because the registry gives an answer that no retry changes",
  "redelivery-asked": "GitHub was asked to send again what did not arrive",
  "redelivery-failed": "GitHub could not be asked for it, with the reason",
  attempt: "one request to a receiver, and its outcome",
  "delivery-parked": "a delivery is not tried any more, with the reason",
  "delivery-rearmed": "a parked delivery is due again, because its receiver is reached another way now",
  "decision-untold":
    "an endpoint refuses one decision for good, with the reason; the next ones are told all the same",
  "delivery-unconfirmed": "accepted and poked again, and the cluster never said that it has the version",
  "delivery-withdrawn": "catalog, rules or mode changed before a delivery left, with the reason",
  "event-accepted": "a cluster's own event was taken and is on disk",
  "event-refused": "an event did not prove that it is the cluster's, or cannot be read",
  "inputs-refused": "somebody asked for a cluster's inputs without one of its tokens",
  "inputs-unavailable":
    "a cluster's inputs could not all be answered, with the reason; the operator keeps what it has",
  "catalog-loaded": "the manifests or the compiled catalog changed, and the new one is in use",
  confirmed: "a cluster says that an object has a version, runs it, or failed",
  "catalog-kept": "they could not be read or may not be used; the last good catalog stays",
  "work-overdue":
    "a sweep found looks or requests that should have happened five minutes ago; how many, and the first of them",
  "work-retried": "a message's work failed and is tried again, with the reason",
  "work-parked": "a message became a dead letter, with the reason",
  "work-dropped": "a message ended in an error that no retry changes, with the reason",
  "bus-failed": "the event bus did not take all of these events; it misses some, the records have them",
  "state-contended": "too many writers of one row; an attempt was not entered there",
  "timer-failed": "a timer's turn failed; the next one comes",
  "trusted-root-refreshed": "the trusted root was asked for by TUF: `updated` or `unchanged`",
  "worker-failed": "something unexpected outside any message's work",
} as const satisfies Readonly<Record<string, string>>;

export type LogEvent = keyof typeof LOG_EVENTS;
