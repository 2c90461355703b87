import type { Emit } from "./event.ts";
import type { Store } from "./store.ts";

export interface RegistryLimits {
  readonly manifestBytes: number;
  readonly blobBytes: number;
  /** All blobs together; manifests are small beside them. */
  readonly storeBytes: number;
  readonly uploads: number;
}

export interface RegistryContext {
  readonly store: Store;
  readonly emit: Emit;
  readonly limits: RegistryLimits;
  readonly referrers: boolean;
  readonly checkReferences: boolean;
  /** Largest page of tags, repositories or referrers; also what a client gets that names no `n`. */
  readonly pageSize: number;
}

/** Who asks, and what else they may do. */
export interface Caller {
  readonly user: string | undefined;
  may(repository: string, action: "pull" | "push" | "delete"): boolean;
}
