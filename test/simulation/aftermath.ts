import { LOOK_WITHIN_MS } from "../../shared/pipeline/deliver/deliver.ts";
import type { Push, Subscription } from "../../shared/ports.ts";
import type { DecisionRecord, StateStore, StoredRecord } from "../../shared/state.ts";
import { type Arrival, type Clusters, type SentRequest, SLOWEST_NETWORK_MS } from "./clusters.ts";
import type { Policy } from "./policy.ts";
import type { World } from "./world.ts";

/** Everything a run left behind. */
export interface Aftermath {
  readonly world: World;
  readonly state: StateStore;
  readonly records: readonly StoredRecord[];
  readonly writtenAtMs: (record: StoredRecord) => number;
  readonly arrivals: readonly Arrival[];
  readonly refusals: Clusters["refusals"];
  /** Pushes that got a 2xx. */
  readonly answered: readonly { readonly push: Push; readonly atMs: number }[];
  readonly startMs: number;
  /** How often what is not confirmed may be poked again. */
  readonly repokes: number;
  readonly requests: readonly SentRequest[];
  /** How far a clock that something was noted by may have been off. */
  readonly clockErrorMs: number;
  readonly parked: readonly string[];
}

export type StoredDecision = DecisionRecord & { readonly sequence: number };

/** A request may arrive this long after the last look at what may leave: who stood still longer looks again. */
export const SENT_MS = LOOK_WITHIN_MS + SLOWEST_NETWORK_MS;

export const decisionsOf = ({ records }: Aftermath, subscription: string): readonly StoredDecision[] =>
  records.filter(
    (record): record is StoredDecision => record.kind === "decision" && record.subscription === subscription,
  );

const objectKey = ({ target }: Subscription): string => `${target.kind}/${target.namespace}/${target.name}`;

/** What the subscription's object was told in its cluster, by whichever receiver. */
export const arrivalsFor = ({ arrivals }: Aftermath, subscription: Subscription): readonly Arrival[] =>
  arrivals.filter(
    ({ receiver, object }) =>
      object === objectKey(subscription) && receiver.startsWith(`${subscription.cluster}/`),
  );

/** The policies that something which arrived at `atMs` may have been sent under. */
export const policiesAt = ({ world }: Aftermath, atMs: number): readonly Policy[] =>
  world.inUse(atMs - SENT_MS, atMs);

/** The policies that were in use at `fromMs` or later. */
export const policiesSince = ({ world }: Aftermath, fromMs: number): readonly Policy[] =>
  world.inUse(fromMs, Number.POSITIVE_INFINITY);

export const findIn = ({ subscriptions }: Policy, id: string): Subscription | undefined =>
  subscriptions.find((subscription) => subscription.id === id);
