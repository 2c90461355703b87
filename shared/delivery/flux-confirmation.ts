import type { Digest } from "../artifact/digest.ts";
import type { ObjectRef } from "../ports.ts";
import type { FluxEvent } from "./flux-events.ts";
import { confirmsDigest } from "./flux-revision.ts";

/**
 * `applied`: the cluster has exactly this version. `failed`: the object reports an error that is about this version,
 * or that does not say which one it is about. `unrelated`: says nothing about this version.
 */
export type Confirmation = "applied" | "failed" | "unrelated";

/** The reasons under which controllers report that an object now has a revision; others report steps on the way. */
const APPLIED: ReadonlySet<string> = new Set([
  "NewArtifact",
  "Succeeded",
  "ReconciliationSucceeded",
  "InstallSucceeded",
  "UpgradeSucceeded",
  "TestSucceeded",
]);

const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.lastIndexOf("/")));

/** By group, not version: the cluster may serve the object under a newer one than the manifest names. */
const isSameObject = (a: ObjectRef, b: ObjectRef): boolean =>
  a.kind === b.kind &&
  a.namespace === b.namespace &&
  a.name === b.name &&
  groupOf(a.apiVersion) === groupOf(b.apiVersion);

/**
 * What an event says about one delivered version. No event comes when the bytes Flux stores did not change, as
 * when a tag moves to the same content: silence is no failure.
 */
export const toConfirmation = (event: FluxEvent, object: ObjectRef, digest: Digest): Confirmation => {
  if (!isSameObject(event.object, object)) return "unrelated";
  const about = event.revision?.digest;
  if (event.severity === "error") return about === undefined || about === digest ? "failed" : "unrelated";
  return APPLIED.has(event.reason) && confirmsDigest(event.revision, digest) ? "applied" : "unrelated";
};
