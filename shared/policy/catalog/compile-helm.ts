import * as v from "valibot";
import type { RepositoryName } from "../../artifact/repository.ts";
import type { ObjectRef, Selector } from "../../ports.ts";
import { GROUP } from "../manifest/kinds.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { compileVerify, type VerifyAbility } from "./compile-verify.ts";
import { labels, namespacedRef, optionalText, suspend, verifySpec } from "./fields.ts";
import { parseChartUrl } from "./repository-url.ts";
import { type ClusterScope, type Draft, readSpec, toDraft } from "./scope.ts";

export const helmChartSelection = v.object({ version: optionalText });

const sourceRef = v.object({ ...namespacedRef.entries, kind: v.string() });

const helmRepositorySpec = v.object({ url: v.string(), type: optionalText });

const helmChartSpec = v.object({
  ...helmChartSelection.entries,
  chart: v.string(),
  sourceRef,
  verify: verifySpec,
  suspend,
});

const helmReleaseSpec = v.object({
  chart: v.nullish(
    v.object({
      metadata: v.nullish(v.object({ labels })),
      spec: v.object({
        ...helmChartSelection.entries,
        chart: v.string(),
        sourceRef,
        verify: verifySpec,
      }),
    }),
  ),
  chartRef: v.nullish(sourceRef),
  suspend,
});

const CHART_ABILITY: VerifyAbility = { identities: true, trustedRoot: false, oneKeyOnly: true };
const RELEASE_ABILITY: VerifyAbility = { ...CHART_ABILITY, identities: false };
const ANY_VERSION = "*";

/** Helm's own reading of versions; no version asks for the highest. */
export const toHelmSelector = ({ version }: v.InferOutput<typeof helmChartSelection>): Selector => ({
  kind: "semver",
  range: version || ANY_VERSION,
  dialect: "helm",
});

interface ChartSource {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly chart: string;
}

/** Undefined, and said why, unless the chart comes from a HelmRepository of type `oci`. */
const findRepository = (
  source: ChartSource,
  manifest: Manifest,
  scope: ClusterScope,
): RepositoryName | undefined => {
  const { kind, namespace, name, chart } = source;
  const label = `${kind} ${namespace}/${name}`;
  if (kind !== "HelmRepository") {
    scope.report("source-not-oci", `${label} is no registry`, manifest);
    return undefined;
  }
  const repository = scope.find(`${GROUP.source}/${kind}`, namespace, name);
  if (repository === undefined) {
    scope.report("source-absent", `${label} is not in these manifests`, manifest);
    return undefined;
  }
  const spec = readSpec(helmRepositorySpec, repository, scope);
  if (spec === undefined) {
    scope.report("source-unusable", `${label} cannot be used itself`, manifest);
    return undefined;
  }
  if (spec.type !== "oci") {
    scope.report("source-not-oci", `${label} is an HTTP repository, not of type oci`, manifest);
    return undefined;
  }
  const parsed = parseChartUrl(spec.url, chart);
  if ("repository" in parsed) return parsed.repository;
  scope.report("url-invalid", `${label}: ${parsed.problem}`, manifest);
  return undefined;
};

export const compileHelmChart = (manifest: Manifest, scope: ClusterScope): Draft | undefined => {
  const spec = readSpec(helmChartSpec, manifest, scope);
  if (spec === undefined) return undefined;
  // A HelmChart finds its source in its own namespace only.
  const { kind, name } = spec.sourceRef;
  const source = { kind, name, namespace: manifest.ref.namespace, chart: spec.chart };
  const repository = findRepository(source, manifest, scope);
  if (repository === undefined) return undefined;
  return toDraft(scope, manifest, {
    target: manifest.ref,
    targetLabels: manifest.labels,
    repository,
    selector: toHelmSelector(spec),
    rules: compileVerify(spec.verify, CHART_ABILITY, manifest, scope),
    suspended: spec.suspend === true,
  });
};

/** The HelmChart that the helm-controller makes for a release, beside the release's source. */
const toChartRef = ({ namespace, name }: ObjectRef, sourceNamespace: string): ObjectRef => ({
  apiVersion: `${GROUP.source}/v1`,
  kind: "HelmChart",
  namespace: sourceNamespace,
  name: `${namespace}-${name}`,
});

export interface CompiledRelease {
  /** The HelmRelease selects by itself (inline `chart`). */
  readonly draft?: Draft;
  /** It takes what another object selects (`chartRef`). */
  readonly follows?: { readonly kind: string; readonly namespace: string; readonly name: string };
}

export const compileHelmRelease = (manifest: Manifest, scope: ClusterScope): CompiledRelease => {
  const spec = readSpec(helmReleaseSpec, manifest, scope);
  if (spec === undefined) return {};
  const { chart, chartRef } = spec;
  const { namespace } = manifest.ref;
  if (chartRef) {
    return {
      follows: { kind: chartRef.kind, namespace: chartRef.namespace || namespace, name: chartRef.name },
    };
  }
  if (!chart) {
    scope.report("object-invalid", "spec has neither chart nor chartRef", manifest);
    return {};
  }
  const { kind, name, namespace: written } = chart.spec.sourceRef;
  const sourceNamespace = written || namespace;
  const source = { kind, name, namespace: sourceNamespace, chart: chart.spec.chart };
  const repository = findRepository(source, manifest, scope);
  if (repository === undefined) return {};
  const draft = toDraft(scope, manifest, {
    target: toChartRef(manifest.ref, sourceNamespace),
    targetLabels: chart.metadata?.labels ?? {},
    repository,
    selector: toHelmSelector(chart.spec),
    rules: compileVerify(chart.spec.verify, RELEASE_ABILITY, manifest, scope),
    suspended: spec.suspend === true,
  });
  return { draft };
};
