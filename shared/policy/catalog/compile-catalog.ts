import type { ObjectRef, Subscription } from "../../ports.ts";
import type { FluxReceiver } from "../../receiver.ts";
import { type Finding, toFinding } from "../finding.ts";
import { isRangeEmpty } from "../lint-range.ts";
import { GROUP } from "../manifest/kinds.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { compileSelector } from "../select.ts";
import { finish, mapInSteps, type Steps } from "../steps.ts";
import { type AlertRoute, compileAlerts } from "./compile-alerts.ts";
import { compileFollowers } from "./compile-followers.ts";
import { type CompiledRelease, compileHelmChart, compileHelmRelease } from "./compile-helm.ts";
import { compileImagePolicy } from "./compile-image-policy.ts";
import { compileOciRepository } from "./compile-oci-repository.ts";
import { compileReceivers, createReach } from "./compile-receivers.ts";
import { hashOf } from "./hash.ts";
import { type ClusterScope, createFindingReport, type Draft, type ResolveSecret } from "./scope.ts";
import { toSecretData } from "./secret-manifest.ts";

/** The manifests of one cluster, as `readManifests` gave them. */
export interface ClusterInput {
  readonly cluster: string;
  readonly manifests: readonly Manifest[];
  /** False where Flux runs with `--no-cross-namespace-refs`. */
  readonly crossNamespace?: boolean;
}

export interface CatalogInputs {
  readonly clusters: readonly ClusterInput[];
  readonly resolveSecret?: ResolveSecret;
}

export interface CompiledCatalog {
  readonly subscriptions: readonly Subscription[];
  readonly receivers: readonly FluxReceiver[];
  /** By subscription: the objects that apply what it selects. */
  readonly followers: Readonly<Record<string, readonly ObjectRef[]>>;
  readonly alerts: readonly AlertRoute[];
  /** Sigstore trusted roots that rules name, as their Secrets hold them. */
  readonly trustedRoots: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

type CatalogParts = Omit<CompiledCatalog, "findings">;

const keyOf = (type: string, namespace: string, name: string): string => `${type} ${namespace}/${name}`;

/**
 * Of an object that is there twice, differently, nobody can say which one the cluster has: neither is served.
 */
const indexManifests = (
  manifests: readonly Manifest[],
  report: ClusterScope["report"],
): ReadonlyMap<string, Manifest> => {
  const index = new Map<string, Manifest>();
  const ambiguous = new Set<string>();
  for (const manifest of manifests) {
    const key = keyOf(manifest.type, manifest.ref.namespace, manifest.ref.name);
    const known = index.get(key);
    if (known === undefined) index.set(key, manifest);
    else if (hashOf(known.body) !== hashOf(manifest.body)) {
      const { file, line } = known.where;
      report(
        "object-duplicate",
        `differs from the same object at ${file}:${line}; neither is used`,
        manifest,
      );
      ambiguous.add(key);
    }
  }
  for (const key of ambiguous) index.delete(key);
  return index;
};

const createScope = (
  { cluster, manifests }: ClusterInput,
  resolveSecret: ResolveSecret | undefined,
  findings: Finding[],
  trustedRoots: Map<string, string>,
): ClusterScope => {
  const report = createFindingReport(cluster, findings);
  const index = indexManifests(manifests, report);
  const inOrder = [...index].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, manifest]) => manifest);
  const byType = Map.groupBy(inOrder, ({ type }) => type);
  return {
    cluster,
    find: (type, namespace, name) => index.get(keyOf(type, namespace, name)),
    all: (type) => byType.get(type) ?? [],
    secret: (namespace, name) => {
      const resolved = resolveSecret?.(cluster, namespace, name);
      if (resolved !== undefined) return resolved;
      const manifest = index.get(keyOf("/Secret", namespace, name));
      return manifest === undefined ? undefined : toSecretData(manifest);
    },
    report,
    trustedRoots,
  };
};

interface CompiledObjects {
  readonly drafts: readonly Draft[];
  readonly releases: ReadonlyMap<Manifest, CompiledRelease>;
}

function* compileObjects(scope: ClusterScope): Steps<CompiledObjects> {
  const releases = new Map<Manifest, CompiledRelease>();
  for (const manifest of scope.all(`${GROUP.helm}/HelmRelease`)) {
    releases.set(manifest, compileHelmRelease(manifest, scope));
    yield;
  }
  const released = [...releases.values()].map(({ draft }) => draft).filter((draft) => draft !== undefined);
  // An export of a cluster holds the charts that releases made as well; each selects once.
  const generated = new Set(
    released.map(({ subscription: { target } }) => `${target.namespace}/${target.name}`),
  );
  const charts = scope
    .all(`${GROUP.source}/HelmChart`)
    .filter(({ ref }) => !generated.has(`${ref.namespace}/${ref.name}`));
  const sources = scope.all(`${GROUP.source}/OCIRepository`);
  const policies = scope.all(`${GROUP.image}/ImagePolicy`);
  const drafts = [
    ...(yield* mapInSteps(sources, (manifest) => compileOciRepository(manifest, scope))),
    ...(yield* mapInSteps(charts, (manifest) => compileHelmChart(manifest, scope))),
    ...(yield* mapInSteps(policies, (manifest) => compileImagePolicy(manifest, scope))),
  ];
  return { drafts: [...drafts.filter((draft) => draft !== undefined), ...released], releases };
}

const reportDraft = ({ subscription, manifest }: Draft, reached: boolean, scope: ClusterScope): void => {
  const { problem } = compileSelector(subscription.selector);
  if (problem !== undefined) scope.report(problem.code, problem.message, manifest);
  else if (isRangeEmpty(subscription.selector)) {
    scope.report("range-empty", "no version can be in its range", manifest);
  }
  if (subscription.suspended) scope.report("suspended", "is suspended: known, and left alone", manifest);
  else if (!reached) scope.report("receiver-absent", "no Receiver reaches what must be annotated", manifest);
};

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

function* compileCluster(
  scope: ClusterScope,
  crossNamespace: boolean,
): Steps<Omit<CatalogParts, "trustedRoots">> {
  const receivers = yield* compileReceivers(scope, crossNamespace);
  const reach = createReach(receivers);
  yield;
  const { drafts, releases } = yield* compileObjects(scope);
  const subscriptions = yield* mapInSteps(drafts, (draft) => {
    const reachedBy = reach(draft.subscription.target, draft.targetLabels);
    reportDraft(draft, reachedBy.length > 0, scope);
    return { ...draft.subscription, receivers: reachedBy };
  });
  return {
    subscriptions,
    receivers: receivers.map(({ receiver }) => receiver),
    followers: Object.fromEntries(yield* compileFollowers(scope, drafts, releases)),
    alerts: yield* compileAlerts(scope),
  };
}

/** As `compileCatalog`, a step for each object. */
export function* compileCatalogInSteps({ clusters, resolveSecret }: CatalogInputs): Steps<CompiledCatalog> {
  const findings: Finding[] = [];
  const trustedRoots = new Map<string, string>();
  const compiled: Omit<CatalogParts, "trustedRoots">[] = [];
  const names = new Set<string>();
  for (const input of clusters) {
    if (names.has(input.cluster)) {
      findings.push(toFinding("object-duplicate", `cluster ${input.cluster} is given twice; used once`));
      continue;
    }
    names.add(input.cluster);
    const scope = createScope(input, resolveSecret, findings, trustedRoots);
    yield;
    compiled.push(yield* compileCluster(scope, input.crossNamespace ?? true));
  }
  return {
    // Sorted, so that the catalog does not depend on the order of files.
    subscriptions: compiled.flatMap(({ subscriptions }) => subscriptions).sort(byId),
    receivers: compiled.flatMap(({ receivers }) => receivers).sort(byId),
    followers: Object.assign({}, ...compiled.map(({ followers }) => followers)),
    alerts: compiled.flatMap(({ alerts }) => alerts),
    trustedRoots: Object.fromEntries(trustedRoots),
    findings,
  };
}

/**
 * Compiles clusters' manifests into what the pipeline works with. Never throws for what a manifest says: what
 * cannot be served is left out and said in `findings`.
 */
export const compileCatalog = (inputs: CatalogInputs): CompiledCatalog =>
  finish(compileCatalogInSteps(inputs));
