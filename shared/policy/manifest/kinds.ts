const SOURCE = "source.toolkit.fluxcd.io";
const HELM = "helm.toolkit.fluxcd.io";
const IMAGE = "image.toolkit.fluxcd.io";
const KUSTOMIZE = "kustomize.toolkit.fluxcd.io";
const NOTIFICATION = "notification.toolkit.fluxcd.io";
const EXTENSIONS = "source.extensions.fluxcd.io";
const OPERATOR = "fluxcd.controlplane.io";

export const GROUP = {
  source: SOURCE,
  helm: HELM,
  image: IMAGE,
  kustomize: KUSTOMIZE,
  notification: NOTIFICATION,
} as const;

/** Kinds that are compiled. Fields that differ between versions are optional in each reader. */
const SERVED: ReadonlyMap<string, readonly string[]> = new Map([
  [`${SOURCE}/OCIRepository`, ["v1", "v1beta2"]],
  [`${SOURCE}/HelmRepository`, ["v1", "v1beta2", "v1beta1"]],
  [`${SOURCE}/HelmChart`, ["v1", "v1beta2", "v1beta1"]],
  [`${HELM}/HelmRelease`, ["v2", "v2beta2", "v2beta1"]],
  [`${IMAGE}/ImageRepository`, ["v1", "v1beta2", "v1beta1"]],
  [`${IMAGE}/ImagePolicy`, ["v1", "v1beta2", "v1beta1"]],
  [`${IMAGE}/ImageUpdateAutomation`, ["v1", "v1beta2", "v1beta1"]],
  [`${KUSTOMIZE}/Kustomization`, ["v1", "v1beta2", "v1beta1"]],
  [`${NOTIFICATION}/Receiver`, ["v1", "v1beta2", "v1beta1"]],
  [`${NOTIFICATION}/Provider`, ["v1beta3", "v1beta2", "v1beta1"]],
  [`${NOTIFICATION}/Alert`, ["v1beta3", "v1beta2", "v1beta1"]],
]);

/** Kinds of Flux that select nothing from a registry, or that Sluice does not serve. */
const KNOWN: ReadonlySet<string> = new Set([
  `${SOURCE}/GitRepository`,
  `${SOURCE}/Bucket`,
  `${SOURCE}/ExternalArtifact`,
  `${EXTENSIONS}/ArtifactGenerator`,
  `${OPERATOR}/FluxInstance`,
  `${OPERATOR}/FluxReport`,
  `${OPERATOR}/ResourceSet`,
  `${OPERATOR}/ResourceSetInputProvider`,
]);

export type KindStatus = "served" | "known" | "version-unknown" | "secret" | "unrendered" | "foreign";

/** What becomes of an object of this group, version and kind. */
export const toKindStatus = (group: string, version: string, kind: string): KindStatus => {
  const versions = SERVED.get(`${group}/${kind}`);
  if (versions !== undefined) return versions.includes(version) ? "served" : "version-unknown";
  if (KNOWN.has(`${group}/${kind}`)) return "known";
  if (group === "" && kind === "Secret") return "secret";
  if (group === "kustomize.config.k8s.io") return "unrendered";
  return "foreign";
};

/** The kinds a Receiver may name, with the group Flux reads them from. */
export const RECEIVER_KINDS: ReadonlyMap<string, string> = new Map([
  ["Bucket", SOURCE],
  ["GitRepository", SOURCE],
  ["OCIRepository", SOURCE],
  ["HelmRepository", SOURCE],
  ["HelmChart", SOURCE],
  ["ExternalArtifact", SOURCE],
  ["Kustomization", KUSTOMIZE],
  ["HelmRelease", HELM],
  ["ImageRepository", IMAGE],
  ["ImagePolicy", IMAGE],
  ["ImageUpdateAutomation", IMAGE],
  ["ArtifactGenerator", EXTENSIONS],
  ["FluxInstance", OPERATOR],
  ["ResourceSet", OPERATOR],
  ["ResourceSetInputProvider", OPERATOR],
]);

/** Kinds whose `apiVersion` a Receiver may leave out. */
export const RECEIVER_KINDS_WITHOUT_VERSION: ReadonlySet<string> = new Set([
  "Bucket",
  "GitRepository",
  "OCIRepository",
  "HelmRepository",
  "HelmChart",
  "ExternalArtifact",
  "ImageRepository",
  "ArtifactGenerator",
]);

/** A kind as a cluster's API lists it, the versions in the order we would have them. */
export interface ServedResource {
  readonly group: string;
  readonly plural: string;
  readonly versions: readonly string[];
}

const toPlural = (kind: string): string => `${kind.toLowerCase().replace(/y$/, "ie")}s`;

/** What to ask a running cluster for. */
export const SERVED_RESOURCES: readonly ServedResource[] = Array.from(SERVED, ([type, versions]) => {
  const [group = "", kind = ""] = type.split("/");
  return { group, plural: toPlural(kind), versions };
});
