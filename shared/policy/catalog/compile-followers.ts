import * as v from "valibot";
import type { ObjectRef } from "../../ports.ts";
import { GROUP } from "../manifest/kinds.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Steps } from "../steps.ts";
import type { CompiledRelease } from "./compile-helm.ts";
import { namespacedRef, suspend } from "./fields.ts";
import { labelSelectorSpec, matchesLabels } from "./label-selector.ts";
import { type ClusterScope, type Draft, readSpec, toSubscriptionId } from "./scope.ts";

/** Who applies what a subscription selects: that object's events say whether it arrived. */
export type Followers = ReadonlyMap<string, readonly ObjectRef[]>;

const kustomizationSpec = v.object({
  sourceRef: v.object({ ...namespacedRef.entries, kind: v.string() }),
  suspend,
});

const automationSpec = v.object({ policySelector: labelSelectorSpec, suspend });

const followsSource = (manifest: Manifest, scope: ClusterScope): readonly string[] => {
  const spec = readSpec(kustomizationSpec, manifest, scope);
  if (spec === undefined) return [];
  const { kind, name, namespace } = spec.sourceRef;
  const source = { apiVersion: "", kind, namespace: namespace || manifest.ref.namespace, name };
  return [toSubscriptionId(scope.cluster, source)];
};

/** An automation follows the policies of its own namespace that its selector takes. */
const followsPolicies = (
  manifest: Manifest,
  policies: readonly Draft[],
  scope: ClusterScope,
): readonly string[] => {
  const spec = readSpec(automationSpec, manifest, scope);
  if (spec === undefined) return [];
  return policies
    .filter(({ manifest: policy }) => policy.ref.namespace === manifest.ref.namespace)
    .filter(({ manifest: policy }) => matchesLabels(spec.policySelector, policy.labels))
    .map(({ subscription }) => subscription.id);
};

export function* compileFollowers(
  scope: ClusterScope,
  drafts: readonly Draft[],
  releases: ReadonlyMap<Manifest, CompiledRelease>,
): Steps<Followers> {
  const known = new Set(drafts.map(({ subscription }) => subscription.id));
  const policies = drafts.filter(({ manifest }) => manifest.ref.kind === "ImagePolicy");
  const followers = new Map<string, ObjectRef[]>();
  const add = (ids: readonly string[], follower: ObjectRef): void => {
    for (const id of ids) {
      if (!known.has(id)) continue;
      const list = followers.get(id);
      if (list === undefined) followers.set(id, [follower]);
      else list.push(follower);
    }
  };
  for (const [manifest, { follows }] of releases) {
    if (follows === undefined) continue;
    add([toSubscriptionId(scope.cluster, { apiVersion: "", ...follows })], manifest.ref);
  }
  for (const manifest of scope.all(`${GROUP.kustomize}/Kustomization`)) {
    add(followsSource(manifest, scope), manifest.ref);
    yield;
  }
  for (const manifest of scope.all(`${GROUP.image}/ImageUpdateAutomation`)) {
    add(followsPolicies(manifest, policies, scope), manifest.ref);
    yield;
  }
  return followers;
}
