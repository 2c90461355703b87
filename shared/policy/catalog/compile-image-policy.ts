import * as v from "valibot";
import { MAX_PATTERN_SIZE } from "../../go-pattern.ts";
import type { Selector } from "../../ports.ts";
import { GROUP } from "../manifest/kinds.ts";
import { isRecord, type Manifest } from "../manifest/manifest.ts";
import { findPlaceholder } from "../manifest/placeholders.ts";
import { labels, namespacedRef, optionalText, suspend } from "./fields.ts";
import { parseImageName } from "./repository-url.ts";
import { type ClusterScope, type Draft, readSpec, toDraft } from "./scope.ts";

type ImagePolicySelector = Extract<Selector, { kind: "image-policy" }>;

const order = v.nullish(v.object({ order: optionalText }));

export const imagePolicySelection = v.object({
  policy: v.object({
    semver: v.nullish(v.object({ range: v.string() })),
    alphabetical: order,
    numerical: order,
  }),
  filterTags: v.nullish(v.object({ pattern: optionalText, extract: optionalText })),
});

type ImagePolicySelection = v.InferOutput<typeof imagePolicySelection>;

const imagePolicySpec = v.object({
  ...imagePolicySelection.entries,
  imageRepositoryRef: namespacedRef,
  digestReflectionPolicy: optionalText,
  interval: optionalText,
  suspend,
});

const imageRepositorySpec = v.object({
  image: v.string(),
  exclusionList: v.nullish(v.array(v.string())),
  accessFrom: v.nullish(
    v.object({ namespaceSelectors: v.nullish(v.array(v.object({ matchLabels: labels }))) }),
  ),
  suspend,
});

/** What the API server fills in; a list of one's own replaces it, an empty one does not. */
const DEFAULT_EXCLUSIONS: readonly string[] = ["^.*\\.sig$"];

/** With any other policy Flux does not notice that a tag moved. */
const REFLECT_ALWAYS = "Always";

const toDirection = (text: string | null | undefined): "asc" | "desc" | undefined => {
  const lower = (text || "asc").toLowerCase();
  return lower === "asc" || lower === "desc" ? lower : undefined;
};

const toOrder = ({ policy }: ImagePolicySelection): ImagePolicySelector["order"] | undefined => {
  if (policy.semver) return { by: "semver", range: policy.semver.range };
  const by = policy.alphabetical ? "alphabetical" : "numerical";
  const written = policy.alphabetical ?? policy.numerical;
  const direction = written ? toDirection(written.order) : undefined;
  return direction === undefined ? undefined : { by, order: direction };
};

/** Undefined: no policy is chosen, or its order is neither `asc` nor `desc`. */
export const toImagePolicySelector = (
  spec: ImagePolicySelection,
  exclusions: readonly string[],
): ImagePolicySelector | undefined => {
  const chosen = toOrder(spec);
  if (chosen === undefined) return undefined;
  const { filterTags } = spec;
  const filter = filterTags && {
    ...(filterTags.pattern ? { pattern: filterTags.pattern } : {}),
    ...(filterTags.extract ? { extract: filterTags.extract } : {}),
  };
  return { kind: "image-policy", order: chosen, ...(filter ? { filter } : {}), exclusions };
};

const GROUP_NAME = /\(\?P?<([^>]+)>/g;

/** `${ts}` in `extract` is a group of the pattern, not a variable that was left over. */
const findPolicyPlaceholder = (spec: v.InferOutput<typeof imagePolicySpec>): string | undefined => {
  const { pattern, extract } = spec.filterTags ?? {};
  let left = extract ?? "";
  // What is longer is no pattern that anybody compiles.
  const isPattern = Math.max(left.length, pattern?.length ?? 0) <= MAX_PATTERN_SIZE;
  const groups = isPattern ? (pattern ?? "").matchAll(GROUP_NAME) : [];
  for (const [, name] of groups) left = left.replaceAll(`\${${name}}`, "");
  return findPlaceholder({ ...spec, filterTags: { pattern, extract: left } });
};

/** Which namespaces an ImageRepository lets in hangs on their labels, which manifests seldom hold. */
const reportAccess = (
  accessFrom: v.InferOutput<typeof imageRepositorySpec>["accessFrom"],
  repository: Manifest,
  manifest: Manifest,
  scope: ClusterScope,
): void => {
  if (repository.ref.namespace === manifest.ref.namespace) return;
  const label = `ImageRepository ${repository.ref.namespace}/${repository.ref.name}`;
  const selectors = accessFrom?.namespaceSelectors ?? [];
  // An empty selector lets everybody in.
  if (selectors.some(({ matchLabels }) => !isRecord(matchLabels) || Object.keys(matchLabels).length === 0))
    return;
  const message =
    selectors.length === 0
      ? `${label} lets no other namespace in (accessFrom)`
      : `${label} lets in namespaces by label; whether this one is let in is not known here`;
  scope.report("access-denied", message, manifest);
};

export const compileImagePolicy = (manifest: Manifest, scope: ClusterScope): Draft | undefined => {
  const spec = readSpec(imagePolicySpec, manifest, scope, findPolicyPlaceholder);
  if (spec === undefined) return undefined;
  const namespace = spec.imageRepositoryRef.namespace || manifest.ref.namespace;
  const { name } = spec.imageRepositoryRef;
  const repository = scope.find(`${GROUP.image}/ImageRepository`, namespace, name);
  if (repository === undefined) {
    scope.report("source-absent", `ImageRepository ${namespace}/${name} is not in these manifests`, manifest);
    return undefined;
  }
  const scanned = readSpec(imageRepositorySpec, repository, scope);
  if (scanned === undefined) {
    scope.report("source-unusable", `ImageRepository ${namespace}/${name} cannot be used itself`, manifest);
    return undefined;
  }
  const parsed = parseImageName(scanned.image);
  if ("problem" in parsed) {
    scope.report("url-invalid", `ImageRepository ${namespace}/${name}: ${parsed.problem}`, manifest);
    return undefined;
  }
  const exclusions = scanned.exclusionList?.length ? scanned.exclusionList : DEFAULT_EXCLUSIONS;
  const selector = toImagePolicySelector(spec, exclusions);
  if (selector === undefined) {
    scope.report(
      "object-invalid",
      "spec.policy names no policy, or an order that is not asc or desc",
      manifest,
    );
    return undefined;
  }
  const always = spec.digestReflectionPolicy === REFLECT_ALWAYS;
  if (always && !spec.interval) {
    scope.report(
      "object-invalid",
      "spec.digestReflectionPolicy: Always needs spec.interval; Flux stalls without",
      manifest,
    );
    return undefined;
  }
  reportAccess(scanned.accessFrom, repository, manifest, scope);
  return toDraft(scope, manifest, {
    // The policy itself reads what was scanned; only the repository's annotation starts a scan.
    target: repository.ref,
    targetLabels: repository.labels,
    repository: parsed.repository,
    selector: always ? { ...selector, digest: "always" } : selector,
    rules: [],
    suspended: spec.suspend === true || scanned.suspend === true,
  });
};
