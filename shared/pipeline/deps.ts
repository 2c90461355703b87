import type { RepositoryName } from "../artifact/repository.ts";
import type { DeliveryBody, MessageBody } from "../delivery/body.ts";
import type { Outcome } from "../delivery/outcomes.ts";
import type { CompiledSelector } from "../policy/selection.ts";
import type {
  Clock,
  ObjectRef,
  Random,
  RegistryReader,
  Selector,
  Subscription,
  Verifier,
  WorkQueue,
} from "../ports.ts";
import type { Receiver } from "../receiver.ts";
import type { DecisionBus, StateStore } from "../state.ts";
import type { LogEvent } from "../telemetry/events.ts";
import type { Stopwatch } from "./deliver/age.ts";
import type { RequirementOf } from "./evaluate/verdict.ts";

/** The compiled policy at one moment. */
export interface CatalogView {
  readonly version: string;
  match(repository: RepositoryName): readonly Subscription[];
  subscription(id: string): Subscription | undefined;
  receiver(id: string): Receiver | undefined;
  subscriptions(): Iterable<Subscription>;
  /** Objects that apply what the subscription selects. */
  followersOf(subscription: Subscription): readonly ObjectRef[];
}

/** One request to one receiver; `timeMs` is when the newest of its decisions was taken. */
export interface Delivery<Body extends MessageBody = DeliveryBody> {
  readonly receiver: Receiver;
  readonly body: Body;
  readonly timeMs: number;
  /** Asked right before each request: what stood still meanwhile may be out of date. */
  readonly mayLeave: () => boolean;
}

/** One HTTP request; never throws for what the other side does. `cancelled` without a request if it may not leave. */
export type Send<Body extends MessageBody = MessageBody> = (
  delivery: Delivery<Body>,
  signal: AbortSignal,
) => Promise<Outcome>;

/** How one receiver is treated, from sluice.yaml. */
export interface ReceiverHandling {
  /** Hash of how it is reached (address, type, where its secrets are). */
  readonly configuration: string;
  /** Requests at the same time; never two for one object. */
  readonly concurrency: number;
  /** Between the starts of two requests. */
  readonly intervalMs: number;
  /** Poked with each delivery: what asks us for the cluster's versions. */
  readonly providers?: readonly ObjectRef[];
  /** Present where the cluster says what it has: how long that is waited for, and how often it is poked again. */
  readonly confirmation?: { readonly withinMs: number; readonly repokes: number };
}

/** One line of the log: `event` is a name from telemetry/events.ts. */
export type Log = (event: LogEvent, fields: Readonly<Record<string, unknown>>) => void;

export interface PipelineSettings {
  readonly mode: "observe" | "enforce";
  /** How long an exact duplicate of an event is recognised. */
  readonly duplicateWindowMs: number;
  readonly deliveryLeaseMs: number;
  /** Where the cluster does not verify, all tags must have been compared within this time before a poke. */
  readonly tagsMaxAgeMs: number;
  /** A burst of decisions for one receiver is gathered for this long into one request. */
  readonly gatherMs: number;
}

/** What evaluating and delivering have in common. */
export interface SharedDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: WorkQueue;
  readonly state: StateStore;
  /** The catalog in use now; asked anew for each piece of work. */
  readonly catalog: () => CatalogView;
  readonly requirementOf: RequirementOf;
  /** How long evidence for a new selection may take to arrive. */
  readonly evidenceDeadlineMsOf: (subscription: Subscription) => number;
  readonly handlingOf: (receiver: Receiver) => ReceiverHandling;
  /** Hears of each record after its commit; absent where the platform has no bus. */
  readonly bus?: DecisionBus;
  readonly settings: PipelineSettings;
  readonly log: Log;
}

/** What evaluating touches: it sends nothing, so that a function that evaluates needs no receiver's secret. */
export interface EvaluateDeps extends SharedDeps {
  readonly registry: RegistryReader;
  /**
   * What a sweep of a repository reads with: within its registry's budget, for sweeps ask about everything. Throws
   * `REGISTRY_BUDGET_SPENT` while none may begin there. Absent: the same as for pushes.
   */
  readonly openForSweep?: (name: RepositoryName) => Promise<RegistryReader>;
  readonly verifier: Verifier;
  readonly selectorOf: (selector: Selector) => CompiledSelector;
  /** Whether the cluster asks us for the subscription's version; absent: none does. */
  readonly isServed?: (subscription: Subscription) => boolean;
}

/** What delivering touches: neither the registry nor the verifier, so that a function that delivers needs no right to them. */
export interface DeliverDeps extends SharedDeps {
  readonly stopwatch: Stopwatch;
  readonly send: Send<DeliveryBody>;
  /** As `Outcome.secrets`, of the secrets there are now; undefined: they cannot be used, so nothing is mended. */
  readonly secretsOf: (receiver: Receiver) => Promise<string | undefined>;
}

/** What the timers touch. */
export type SweepDeps = Pick<SharedDeps, "clock" | "random" | "queue" | "state" | "catalog" | "log">;

/** Everything the pipeline touches. Nothing else reaches it: the simulator replaces all of this. */
export interface PipelineDeps extends EvaluateDeps, DeliverDeps {}
