import type { RepositoryName } from "../artifact/repository.ts";
import type { DeliveryBody } from "../delivery/body.ts";
import type { Outcome } from "../delivery/outcomes.ts";
import type { CompiledSelector } from "../policy/selection.ts";
import type {
  Clock,
  Random,
  Receiver,
  RegistryReader,
  Selector,
  Subscription,
  Verifier,
  WorkQueue,
} from "../ports.ts";
import type { DecisionBus, StateStore } from "../state.ts";
import type { RequirementOf } from "./verdict.ts";

/** The compiled policy at one moment. */
export interface CatalogView {
  readonly version: string;
  match(repository: RepositoryName): readonly Subscription[];
  subscription(id: string): Subscription | undefined;
  receiver(id: string): Receiver | undefined;
  subscriptions(): Iterable<Subscription>;
}

/** One request to one receiver; `timeMs` is when the newest of its decisions was taken. */
export interface Delivery {
  readonly receiver: Receiver;
  readonly body: DeliveryBody;
  readonly timeMs: number;
}

/** One line of the log: `event` is a name from telemetry/events.ts. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void;

export interface PipelineSettings {
  readonly mode: "observe" | "enforce";
  /** How long an exact duplicate of an event is recognised. */
  readonly duplicateWindowMs: number;
  readonly deliveryLeaseMs: number;
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
  /** Hears of each record after its commit; absent where the platform has no bus. */
  readonly bus?: DecisionBus;
  readonly settings: PipelineSettings;
  readonly log: Log;
}

/** What evaluating touches: it sends nothing, so that a function that evaluates needs no receiver's secret. */
export interface EvaluateDeps extends SharedDeps {
  readonly registry: RegistryReader;
  readonly verifier: Verifier;
  readonly selectorOf: (selector: Selector) => CompiledSelector;
}

/** What delivering touches: neither the registry nor the verifier, so that a function that delivers needs no right to them. */
export interface DeliverDeps extends SharedDeps {
  /** One HTTP request; never throws for what the other side does. */
  readonly send: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
}

/** What the timers touch. */
export type SweepDeps = Pick<SharedDeps, "clock" | "random" | "queue" | "state" | "catalog">;

/** Everything the pipeline touches. Nothing else reaches it: the simulator replaces all of this. */
export interface PipelineDeps extends EvaluateDeps, DeliverDeps {}
