import type { Secret } from "../artifact/secret.ts";
import type { ObjectRef } from "../ports.ts";

/** One entry of a Receiver's `resources`, as written. */
export interface ReceiverResource {
  readonly apiVersion?: string;
  readonly kind: string;
  /** Absent: the Receiver's own. */
  readonly namespace?: string;
  /** `*`: all whose labels match. */
  readonly name: string;
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly filter?: string;
}

/** A Receiver as its manifest says it. */
export interface ReceiverView {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly suspended: boolean;
  readonly resources: readonly ReceiverResource[];
  readonly resourceFilter?: string;
  /** Where it is known; `generic-oidc` has none. */
  readonly token?: Secret;
}

/** An object known to be in the cluster. */
export interface ObjectView {
  readonly object: ObjectRef;
  readonly labels: Readonly<Record<string, string>>;
}

const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.lastIndexOf("/")));

/** Kinds for which a Receiver may leave `apiVersion` out; for all others every request answers 500. */
const WITHOUT_API_VERSION: ReadonlySet<string> = new Set([
  "ArtifactGenerator",
  "Bucket",
  "ExternalArtifact",
  "GitRepository",
  "HelmChart",
  "HelmRepository",
  "ImageRepository",
  "OCIRepository",
]);

/** Why every request to a Receiver with this entry answers 500, whatever else it lists. */
export type BrokenEntry = "api-version-missing" | "wildcard-without-labels" | "cross-namespace-refused";

export const findBroken = (
  resource: ReceiverResource,
  receiver: ReceiverView,
  crossNamespace: boolean,
): BrokenEntry | undefined => {
  if (resource.apiVersion === undefined && !WITHOUT_API_VERSION.has(resource.kind))
    return "api-version-missing";
  if (resource.name === "*" && resource.matchLabels === undefined) return "wildcard-without-labels";
  const elsewhere = (resource.namespace ?? receiver.namespace) !== receiver.namespace;
  return elsewhere && !crossNamespace ? "cross-namespace-refused" : undefined;
};

/** Whether a named entry beside it is of the kind and namespace; the label match is for `*` alone, as in Flux. */
export const reaches = (
  resource: ReceiverResource,
  receiver: ReceiverView,
  { object, labels }: ObjectView,
): boolean => {
  if (resource.kind !== object.kind) return false;
  if ((resource.namespace ?? receiver.namespace) !== object.namespace) return false;
  if (resource.apiVersion !== undefined && groupOf(resource.apiVersion) !== groupOf(object.apiVersion))
    return false;
  if (resource.name !== "*") return resource.name === object.name;
  return Object.entries(resource.matchLabels ?? {}).every(
    ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
  );
};
