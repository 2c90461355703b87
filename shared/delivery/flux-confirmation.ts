import type { ClusterEvent, FluxRevision } from "../cluster-event.ts";
import type { ObjectRef } from "../ports.ts";

/** A version as it was decided. */
interface Version {
  readonly tag?: string;
  readonly digest: string;
}

/** The reasons under which controllers report that an object now has a revision; others report steps on the way. */
const APPLIED: ReadonlySet<string> = new Set([
  "NewArtifact",
  "Succeeded",
  "ReconciliationSucceeded",
  "ChartPullSucceeded",
  "InstallSucceeded",
  "UpgradeSucceeded",
  "TestSucceeded",
]);

/** Objects that name a chart by its version alone, which its registry may not move. */
const BY_VERSION: ReadonlySet<string> = new Set(["HelmChart", "HelmRelease"]);

const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.lastIndexOf("/")));

/** By group, not version: the cluster may serve the object under a newer one than the manifest names. */
const isSameObject = (a: ObjectRef, b: ObjectRef): boolean =>
  a.kind === b.kind &&
  a.namespace === b.namespace &&
  a.name === b.name &&
  groupOf(a.apiVersion) === groupOf(b.apiVersion);

/**
 * `has`: the object has exactly this version. `failed`: it reports an error that is about this version, or that does
 * not say which one it is about. `unrelated`: says nothing about this version.
 */
export type Confirmation = "has" | "failed" | "unrelated";

/**
 * By digest; without one nothing is confirmed, because tags move, but for charts, which Flux names by version alone
 * (`_` in a tag reads as `+`).
 */
const isRevisionOf = (
  revision: FluxRevision | undefined,
  { kind }: ObjectRef,
  { tag, digest }: Version,
): boolean => {
  if (revision?.digest !== undefined) return revision.digest === digest;
  return BY_VERSION.has(kind) && tag !== undefined && revision?.tag === tag.replaceAll("_", "+");
};

/**
 * What an event says about one version of one object. No event comes when the bytes Flux stores did not change, as
 * when a tag moves to the same content: silence is no failure.
 */
export const toConfirmation = (event: ClusterEvent, object: ObjectRef, version: Version): Confirmation => {
  if (!isSameObject(event.object, object)) return "unrelated";
  const { revision, severity, reason } = event;
  const isAbout = isRevisionOf(revision, event.object, version);
  if (severity === "error") {
    const namesAnother =
      revision?.digest !== undefined || (revision !== undefined && BY_VERSION.has(object.kind));
    return isAbout || !namesAnother ? "failed" : "unrelated";
  }
  return APPLIED.has(reason) && isAbout ? "has" : "unrelated";
};
