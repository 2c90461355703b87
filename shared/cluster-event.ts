import type { Digest } from "./artifact/digest.ts";
import type { ObjectRef } from "./ports.ts";

/** A revision as Flux writes it, and what of it names an artifact. */
export interface FluxRevision {
  readonly text: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** What a cluster says about one of its objects: authentic, fresh, and read. */
export interface ClusterEvent {
  /** Retries of one event are the same bytes, so a second one with this key is no news. */
  readonly key: string;
  readonly cluster: string;
  readonly object: ObjectRef;
  readonly severity: "trace" | "info" | "error";
  readonly reason: string;
  readonly message: string;
  readonly timeMs: number;
  /** What the object has now: for an OCIRepository tag and digest, for a HelmRelease the chart's. */
  readonly revision?: FluxRevision;
}
