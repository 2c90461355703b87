import type { LogEvent } from "./events.ts";

export interface Metric {
  readonly unit: "Count" | "Milliseconds";
  /** The field of the log's line that splits it. Never one whose values an outsider chooses. */
  readonly dimension?: string;
  readonly counts: string;
}

/** Every metric by its name. All are made from lines of the log, so that the two never disagree. */
export const METRICS = {
  EventsAccepted: {
    unit: "Count",
    dimension: "source",
    counts: "requests of registries whose events were stored",
  },
  EventsRefused: { unit: "Count", dimension: "source", counts: "requests that did not prove who sent them" },
  EventsFailed: { unit: "Count", dimension: "source", counts: "requests that could not be stored" },
  EventsLimited: {
    unit: "Count",
    dimension: "source",
    counts: "requests of registries above `limits.eventsPerMinute`, not stored",
  },
  Decisions: { unit: "Count", dimension: "outcome", counts: "decisions recorded" },
  Attempts: { unit: "Count", dimension: "outcome", counts: "requests to receivers" },
  AttemptDuration: { unit: "Milliseconds", counts: "how long a request to a receiver took" },
  DeliveriesParked: { unit: "Count", counts: "deliveries that are not tried any more" },
  DeadLetters: { unit: "Count", dimension: "work", counts: "messages that became dead letters" },
  WorkRetried: { unit: "Count", dimension: "work", counts: "messages whose work is tried again" },
  WorkOverdue: {
    unit: "Count",
    dimension: "work",
    counts: "sweeps that found work five minutes past its time",
  },
  SweepRecovered: { unit: "Count", counts: "versions whose event never came" },
  BusFailed: { unit: "Count", counts: "times the event bus was out of reach" },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

export interface Measurement {
  readonly name: MetricName;
  readonly value: number;
  /** Present for metrics with a dimension. */
  readonly dimension?: Readonly<Record<string, string>>;
}

const BY_EVENT: Readonly<Partial<Record<LogEvent, readonly MetricName[]>>> = {
  "intake-accepted": ["EventsAccepted"],
  "intake-refused": ["EventsRefused"],
  "intake-failed": ["EventsFailed"],
  "intake-limited": ["EventsLimited"],
  decision: ["Decisions"],
  attempt: ["Attempts", "AttemptDuration"],
  "delivery-parked": ["DeliveriesParked"],
  "decision-untold": ["DeliveriesParked"],
  "work-parked": ["DeadLetters"],
  "work-retried": ["WorkRetried"],
  "work-overdue": ["WorkOverdue"],
  "sweep-recovered": ["SweepRecovered"],
  "bus-failed": ["BusFailed"],
};

const measure = (name: MetricName, fields: Readonly<Record<string, unknown>>): Measurement => {
  const { unit, dimension }: Metric = METRICS[name];
  const value = unit === "Count" ? 1 : Number(fields.durationMs ?? 0);
  if (dimension === undefined) return { name, value };
  return { name, value, dimension: { [dimension]: String(fields[dimension] ?? "unknown") } };
};

/** What one line of the log counts for. */
export const toMeasurements = (
  event: LogEvent,
  fields: Readonly<Record<string, unknown>>,
): readonly Measurement[] => (BY_EVENT[event] ?? []).map((name) => measure(name, fields));
