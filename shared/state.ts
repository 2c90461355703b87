import type { Digest } from "./artifact/digest.ts";
import type { RepositoryName } from "./artifact/repository.ts";
import type { FluxRevision } from "./cluster-event.ts";
import type { Identity } from "./ports.ts";

/** A version of a repository as one subscription sees it. `tag` is absent for subscriptions by digest. */
export interface Version {
  readonly tag?: string;
  readonly digest: Digest;
}

/** What Flux would pick over all tags, verified or not, and how far Sluice got with it. */
export interface FluxSelection extends Version {
  /** Rises with each change of the selection: a tag that moves A→B→A is three selections. */
  readonly sequence: number;
  /** `baseline`: was there before Sluice looked, nobody is told. `allowed`: sluice.yaml asks for no signature. */
  readonly status: "baseline" | "pending" | "verified" | "allowed" | "rejected";
  /** The last decision's reason code. */
  readonly reason: string;
  readonly decisionId: string;
  readonly sinceMs: number;
  /** Until when evidence may still arrive. */
  readonly deadlineMs: number;
  /** How many looks for evidence there were; picks the next one from the schedule. */
  readonly checks: number;
  /** Present while pending. */
  readonly checkAtMs?: number;
  readonly identity?: Identity;
  /** Decided while observing: nobody is told of it afterwards either. */
  readonly observed?: true;
}

/** The desired row of one subscription and receiver: the newest decision that receiver should know. */
export interface OutboxEntry extends Version {
  readonly decisionId: string;
  readonly sequence: number;
  /** What was asked of its evidence; a delivery leaves only while that is still what is asked. */
  readonly requirement: string;
  /** `withdrawn`: Flux would now take something unverified instead, or catalog, rules or mode changed. */
  readonly state: "due" | "accepted" | "parked" | "disabled" | "withdrawn";
  readonly decidedAtMs: number;
  /** Requests for this decision, whatever became of them; the ones after a `rearmed`, too. */
  readonly attempts: number;
  /** Of the attempts that the schedule counts. */
  readonly firstAttemptAtMs?: number;
  /** Made due again, by a person or by another configuration: the schedule counts from these attempts on. */
  readonly rearmed?: { readonly atMs: number; readonly attempts: number };
  /** Present while due. */
  readonly nextAttemptAtMs?: number;
  readonly lastOutcome?: string;
  /** Since when the receiver refuses (400, 404): it gets ten minutes. */
  readonly refusedSinceMs?: number;
  readonly acceptedAtMs?: number;
  /** Why it waits, is parked or disabled: an outcome, or what many of them came to. */
  readonly reason?: string;
  /** Present while parked or disabled: since when, and what the receiver was reached by then. */
  readonly parked?: { readonly atMs: number; readonly configuration: string; readonly secrets?: string };
  /** Accepted, and not confirmed by the cluster: when it is poked again. */
  readonly confirmByMs?: number;
  /** Pokes after the one that was accepted. */
  readonly repokes?: number;
  /** What the cluster itself said about this version. */
  readonly confirmed?: { readonly outcome: ConfirmationRecord["outcome"]; readonly atMs: number };
  readonly identity?: Identity;
  readonly previous?: Version;
}

/** When an entry is due for its receiver; undefined while nothing is. State stores index by it. */
export const dueAtMsOf = ({
  state,
  nextAttemptAtMs,
  decidedAtMs,
  confirmByMs,
}: Pick<OutboxEntry, "state" | "nextAttemptAtMs" | "decidedAtMs" | "confirmByMs">): number | undefined => {
  if (state === "due") return nextAttemptAtMs ?? decidedAtMs;
  return state === "accepted" ? confirmByMs : undefined;
};

/** All that is known of one subscription. One row, written by compare-and-set on `version`. */
export interface SubscriptionState {
  readonly subscription: string;
  /** 0: no row yet. */
  readonly version: number;
  readonly selectorHash: string;
  readonly selection?: FluxSelection;
  /** The last version every receiver accepted. */
  readonly delivered?: Version & { readonly decisionId: string; readonly atMs: number };
  /** The newest version that was verified, and what was asked of its evidence; for clusters that take theirs from us. */
  readonly approved?: Version & {
    readonly decisionId: string;
    readonly requirement: string;
    readonly identity?: Identity;
  };
  /** What the cluster last said the object has, whoever made it look. */
  readonly reported?: FluxRevision & {
    readonly outcome: ConfirmationRecord["outcome"];
    readonly atMs: number;
  };
  /** When Flux's pick was last compared over all tags. Kept only where the cluster does not verify. */
  readonly listedAtMs?: number;
  /** By receiver id. */
  readonly outbox: Readonly<Record<string, OutboxEntry>>;
}

export type DecisionOutcome = "notify" | "wait" | "ignore" | "reject";

/** One append-only line of the answer to "why did (or didn't) this deploy?". */
export interface DecisionRecord {
  readonly kind: "decision";
  /** Unique: writing the same record twice leaves one. */
  readonly id: string;
  readonly decisionId: string;
  readonly atMs: number;
  readonly subscription: string;
  readonly repository: RepositoryName;
  readonly tag?: string;
  readonly digest?: Digest;
  readonly outcome: DecisionOutcome;
  readonly reason: string;
  readonly catalogVersion: string;
  /** What the decision rests on: evidence, identity, previous version, mode. No secrets. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One HTTP request to a receiver for one decision. */
export interface AttemptRecord {
  readonly kind: "attempt";
  readonly id: string;
  readonly decisionId: string;
  readonly atMs: number;
  readonly subscription: string;
  readonly receiver: string;
  readonly deliveryId: string;
  readonly attempt: number;
  /** A code of delivery/outcomes.ts. */
  readonly outcome: string;
  readonly status?: number;
  readonly durationMs: number;
  /** What follows; absent in records of an older Sluice. */
  readonly next?: "accepted" | "retry" | "parked" | "disabled";
  /** Why it waits, is parked or disabled, where the outcome alone does not say it. */
  readonly reason?: string;
}

/** What a cluster's own event says about a version: it has it, or an object reports an error. */
export interface ConfirmationRecord {
  readonly kind: "confirmation";
  readonly id: string;
  /** Of the decision about this version; where there is none (Flux took what Sluice never saw), a hash of both. */
  readonly decisionId: string;
  /** When the object reported it, by the cluster's clock. */
  readonly atMs: number;
  readonly subscription: string;
  /** `fetched`: the subscription's object has it, others apply it. `applied`: it, or what follows it, runs it. */
  readonly outcome: "fetched" | "applied" | "failed";
  /** `Kind/namespace/name` of the object that reports. */
  readonly object: string;
  /** The controller's own word, and its message, capped. */
  readonly reason: string;
  readonly message?: string;
  readonly revision?: string;
  readonly tag?: string;
  readonly digest: Digest;
  /** From the push, or from the decision where no push brought it. */
  readonly sincePushMs?: number;
}

export type StateRecord = DecisionRecord | AttemptRecord | ConfirmationRecord;

/**
 * The first of each id: two receivers' ends of one decision are one record. For stores whose transactions take an item
 * once.
 */
export const distinctRecords = (records: readonly StateRecord[]): readonly StateRecord[] => {
  const byId = new Map<string, StateRecord>();
  for (const record of records) if (!byId.has(record.id)) byId.set(record.id, record);
  return [...byId.values()];
};

export interface StateChange {
  /** The new row; its `version` is the expected one plus one. Absent: only records are appended. */
  readonly next?: SubscriptionState;
  /** Appended in the same transaction; a record whose id exists is left as it is. */
  readonly records: readonly StateRecord[];
}

export interface RecordQuery {
  readonly afterSequence?: number;
  readonly subscription?: string;
  readonly decisionId?: string;
  readonly repository?: string;
  readonly outcome?: DecisionOutcome;
  /** Requests to this receiver alone. */
  readonly receiver?: string;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

/** A record with its place in the log. */
export type StoredRecord = StateRecord & { readonly sequence: number };

export interface StoredDocument {
  readonly version: number;
  /** As JSON gives it back. */
  readonly value: unknown;
}

/** One page of rows, in an order of the store's own. */
export interface StatePage {
  readonly rows: readonly SubscriptionState[];
  /** Opaque; present while there is more. */
  readonly cursor?: string;
}

/** Selections, outbox and decision records. Every method may throw `STATE_UNAVAILABLE`. */
export interface StateStore {
  /** The row, or an empty one with version 0. */
  load(subscription: string): Promise<SubscriptionState>;
  /** Atomic. `conflict`: somebody else wrote the row since it was loaded; nothing was written. */
  commit(
    subscription: string,
    expectedVersion: number,
    change: StateChange,
  ): Promise<"committed" | "conflict">;
  /** All rows, page by page, for people and timers: not on the way of a push. Rows written meanwhile may be missed. */
  list(limit: number, cursor?: string): Promise<StatePage>;
  /** Receivers with entries due at `nowMs`. */
  dueReceivers(nowMs: number, limit: number): Promise<readonly string[]>;
  /** Subscriptions whose outbox has an entry for `receiver` due at `nowMs`, oldest first. */
  dueSubscriptions(receiver: string, nowMs: number, limit: number): Promise<readonly string[]>;
  /** Subscriptions whose pending selection should be looked at again. */
  dueChecks(nowMs: number, limit: number): Promise<readonly string[]>;
  records(query: RecordQuery): Promise<readonly StoredRecord[]>;
  /** True once `markDone` was called for the key and it has not expired. */
  isDone(key: string): Promise<boolean>;
  markDone(key: string, expiresAtMs: number): Promise<void>;
  /** A small value that must outlive instances (receiver circuits, trusted root version); undefined if never saved. */
  loadDocument(key: string): Promise<StoredDocument | undefined>;
  /** Compare-and-set; `expectedVersion` 0 for a new one. False: somebody else saved it since. */
  saveDocument(key: string, expectedVersion: number, value: unknown): Promise<boolean>;
  /** One owner at a time until it releases or `leaseUntilMs` passes. */
  claim(key: string, owner: string, leaseUntilMs: number): Promise<boolean>;
  release(key: string, owner: string): Promise<void>;
  /** Removes records and done marks older than `beforeMs`; returns how many. */
  prune(beforeMs: number): Promise<number>;
}

/** What other systems may hear of: the records themselves, once committed. */
export interface DecisionEvent {
  /** Stable: the same record published twice has the same id. */
  readonly id: string;
  readonly type: "decision" | "delivery" | "confirmation";
  readonly atMs: number;
  /** JSON; holds no secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Tells the platform's event bus. Best effort after the commit: records are the truth, the bus is a courtesy. Throws
 * `BUS_UNAVAILABLE`.
 */
export interface DecisionBus {
  publish(events: readonly DecisionEvent[]): Promise<void>;
}
