import * as v from "valibot";
import type { ObjectRef } from "../../ports.ts";
import type { FluxReceiver } from "../../receiver.ts";
import { GROUP, RECEIVER_KINDS, RECEIVER_KINDS_WITHOUT_VERSION } from "../manifest/kinds.ts";
import { type Manifest, splitApiVersion } from "../manifest/manifest.ts";
import type { Steps } from "../steps.ts";
import { labels, optionalText, suspend } from "./fields.ts";
import { type ClusterScope, readSpec, toReceiverId } from "./scope.ts";

/** One entry of a Receiver's `resources`, its defaults filled in. */
export interface ReachedResource {
  readonly kind: string;
  readonly group: string;
  readonly namespace: string;
  /** Absent: every object whose labels match. */
  readonly name?: string;
  readonly matchLabels: Readonly<Record<string, string>>;
}

export interface CompiledReceiver {
  readonly receiver: FluxReceiver;
  readonly manifest: Manifest;
  readonly resources: readonly ReachedResource[];
}

const resourceSpec = v.object({
  apiVersion: optionalText,
  kind: v.string(),
  name: v.string(),
  namespace: optionalText,
  matchLabels: labels,
  filter: optionalText,
});

/** What a Receiver says, as far as Sluice looks. */
export const receiverSpec = v.object({
  type: v.string(),
  resources: v.nullish(v.array(resourceSpec)),
  resourceFilter: optionalText,
  suspend,
});

type ResourceSpec = v.InferOutput<typeof resourceSpec>;

/** The types whose request Sluice can make; all others expect a registry's or forge's own events. */
const SERVED_TYPES: ReadonlySet<string> = new Set(["generic", "generic-hmac", "generic-oidc"]);

const toGroup = (resource: ResourceSpec): string | undefined => {
  const group = RECEIVER_KINDS.get(resource.kind);
  if (resource.apiVersion) return splitApiVersion(resource.apiVersion).group === group ? group : undefined;
  return RECEIVER_KINDS_WITHOUT_VERSION.has(resource.kind) ? group : undefined;
};

const compileResource = (
  resource: ResourceSpec,
  manifest: Manifest,
  scope: ClusterScope,
  crossNamespace: boolean,
): ReachedResource | undefined => {
  const { kind, name } = resource;
  const namespace = resource.namespace || manifest.ref.namespace;
  const label = `${kind} ${namespace}/${name}`;
  const group = toGroup(resource);
  if (group === undefined) {
    const message = `${label}: apiVersion is missing or not that of the kind; every request answers 500`;
    scope.report("receiver-api-version", message, manifest);
    return undefined;
  }
  if (namespace !== manifest.ref.namespace && !crossNamespace) {
    scope.report("receiver-cross-namespace", `${label}: the cluster forbids other namespaces`, manifest);
    return undefined;
  }
  // An empty `matchLabels` is allowed and takes everything of that kind in the namespace.
  if (name === "*" && !resource.matchLabels) {
    scope.report(
      "receiver-wildcard",
      `${label}: \`*\` without matchLabels; every request answers 500`,
      manifest,
    );
    return undefined;
  }
  const base = { kind, group, namespace };
  // Beside a name, Flux ignores the labels.
  return name === "*"
    ? { ...base, matchLabels: resource.matchLabels ?? {} }
    : { ...base, name, matchLabels: {} };
};

const reportAbsent = (resource: ReachedResource, manifest: Manifest, scope: ClusterScope): void => {
  const { kind, group, namespace, name } = resource;
  const type = `${group}/${kind}`;
  if (name === undefined || scope.all(type).length === 0) return;
  if (scope.find(type, namespace, name) !== undefined) return;
  const message = `${kind} ${namespace}/${name} is not in these manifests; if absent, every request answers 500`;
  scope.report("receiver-resource-absent", message, manifest);
};

const reportInert = (resource: ReachedResource, manifest: Manifest, scope: ClusterScope): void => {
  const { kind, group, namespace, name } = resource;
  if (kind !== "HelmRepository" || name === undefined) return;
  const spec = scope.find(`${group}/${kind}`, namespace, name)?.body.spec;
  if (typeof spec !== "object" || spec === null || !("type" in spec) || spec.type !== "oci") return;
  const message = `${kind} ${namespace}/${name} is of type oci: annotating it does nothing, name the HelmChart`;
  scope.report("receiver-resource-inert", message, manifest);
};

const compileReceiver = (
  manifest: Manifest,
  scope: ClusterScope,
  crossNamespace: boolean,
): CompiledReceiver | undefined => {
  const spec = readSpec(receiverSpec, manifest, scope);
  if (spec === undefined) return undefined;
  const { namespace, name } = manifest.ref;
  if (!SERVED_TYPES.has(spec.type)) {
    scope.report("receiver-type-not-served", `type ${JSON.stringify(spec.type)} is not served`, manifest);
    return undefined;
  }
  if (spec.suspend) {
    scope.report("suspended", "the Receiver is suspended and answers 503", manifest);
    return undefined;
  }
  if (spec.type === "generic") {
    const message = "type generic: whoever knows the path may call it; prefer generic-oidc or generic-hmac";
    scope.report("receiver-unauthenticated", message, manifest);
  }
  const resources: ReachedResource[] = [];
  for (const entry of spec.resources ?? []) {
    const resource = compileResource(entry, manifest, scope, crossNamespace);
    if (resource === undefined) continue;
    resources.push(resource);
    reportAbsent(resource, manifest, scope);
    reportInert(resource, manifest, scope);
  }
  const filters = [spec.resourceFilter, ...(spec.resources ?? []).map(({ filter }) => filter)];
  if (
    filters.some((filter) => filter && !filter.includes("req.objects") && !filter.includes("req.?objects"))
  ) {
    scope.report("receiver-filter-own", "has a filter of its own, which may turn a request down", manifest);
  }
  const receiver = {
    id: toReceiverId(scope.cluster, namespace, name),
    cluster: scope.cluster,
    namespace,
    name,
    type: spec.type,
  };
  return { receiver, manifest, resources };
};

/** The path is a hash over token, name and namespace written together, so `a` in `bc` and `ab` in `c` may meet. */
const reportSharedPaths = (receivers: readonly CompiledReceiver[], scope: ClusterScope): void => {
  const seen = new Map<string, Manifest>();
  for (const { receiver, manifest } of receivers) {
    const suffix = receiver.name + receiver.namespace;
    const other = seen.get(suffix);
    if (other !== undefined) {
      const message = `shares its path with ${other.ref.namespace}/${other.ref.name} if their tokens are the same`;
      scope.report("receiver-path-shared", message, manifest);
    }
    seen.set(suffix, manifest);
  }
};

export function* compileReceivers(
  scope: ClusterScope,
  crossNamespace: boolean,
): Steps<readonly CompiledReceiver[]> {
  const receivers: CompiledReceiver[] = [];
  for (const manifest of scope.all(`${GROUP.notification}/Receiver`)) {
    const receiver = compileReceiver(manifest, scope, crossNamespace);
    if (receiver !== undefined) receivers.push(receiver);
    yield;
  }
  reportSharedPaths(receivers, scope);
  return receivers;
}

const matches = (
  resource: ReachedResource,
  { name }: ObjectRef,
  targetLabels: Readonly<Record<string, string>>,
): boolean => {
  if (resource.name !== undefined) return resource.name === name;
  return Object.entries(resource.matchLabels).every(([key, value]) => targetLabels[key] === value);
};

const keyOf = (group: string, kind: string, namespace: string): string => `${group}/${kind}/${namespace}`;

/** Indexes receivers by what they reach: the answer costs one lookup and the entries of that namespace. */
export const createReach = (
  receivers: readonly CompiledReceiver[],
): ((target: ObjectRef, targetLabels: Readonly<Record<string, string>>) => readonly string[]) => {
  const byName = new Map<string, Set<string>>();
  const byLabels = new Map<string, { resource: ReachedResource; id: string }[]>();
  for (const { receiver, resources } of receivers) {
    for (const resource of resources) {
      const key = keyOf(resource.group, resource.kind, resource.namespace);
      if (resource.name === undefined) {
        const entries = byLabels.get(key) ?? [];
        entries.push({ resource, id: receiver.id });
        byLabels.set(key, entries);
      } else {
        const named = `${key}/${resource.name}`;
        byName.set(named, (byName.get(named) ?? new Set()).add(receiver.id));
      }
    }
  }
  return (target, targetLabels) => {
    const key = keyOf(splitApiVersion(target.apiVersion).group, target.kind, target.namespace);
    const ids = new Set(byName.get(`${key}/${target.name}`));
    for (const { resource, id } of byLabels.get(key) ?? []) {
      if (matches(resource, target, targetLabels)) ids.add(id);
    }
    return [...ids].sort();
  };
};
