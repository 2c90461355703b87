import * as v from "valibot";
import { isDigest } from "../../artifact/digest.ts";
import { MEDIA_TYPE } from "../../artifact/media-types.ts";
import type { Selector } from "../../ports.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { compileVerify, type VerifyAbility } from "./compile-verify.ts";
import { optionalText, suspend, verifySpec } from "./fields.ts";
import { parseOciUrl } from "./repository-url.ts";
import { type ClusterScope, type Draft, readSpec, toDraft } from "./scope.ts";

/** What selects, apart from the rest, so that `select --batch` reads the same fields. */
export const ociRepositorySelection = v.object({
  ref: v.nullish(
    v.object({ digest: optionalText, semver: optionalText, semverFilter: optionalText, tag: optionalText }),
  ),
  layerSelector: v.nullish(v.object({ mediaType: optionalText })),
});

const ociRepositorySpec = v.object({
  ...ociRepositorySelection.entries,
  url: v.string(),
  verify: verifySpec,
  suspend,
});

const ABILITY: VerifyAbility = { identities: true, trustedRoot: true, oneKeyOnly: false };
const DEFAULT_TAG = "latest";

/** Flux's precedence: digest, semver, tag, `latest`; empty strings count as absent. Undefined: a bad digest. */
export const toOciSelector = ({
  ref,
  layerSelector,
}: v.InferOutput<typeof ociRepositorySelection>): Selector | undefined => {
  if (ref?.digest) return isDigest(ref.digest) ? { kind: "digest", digest: ref.digest } : undefined;
  if (ref?.semver) {
    const isChart = layerSelector?.mediaType === MEDIA_TYPE.helmChart;
    return {
      kind: "semver",
      range: ref.semver,
      ...(ref.semverFilter ? { filter: ref.semverFilter } : {}),
      dialect: isChart ? "helm-oci" : "flux",
    };
  }
  return { kind: "tag", tag: ref?.tag || DEFAULT_TAG };
};

export const compileOciRepository = (manifest: Manifest, scope: ClusterScope): Draft | undefined => {
  const spec = readSpec(ociRepositorySpec, manifest, scope);
  if (spec === undefined) return undefined;
  const parsed = parseOciUrl(spec.url);
  if ("problem" in parsed) {
    scope.report("url-invalid", `spec.url: ${parsed.problem}`, manifest);
    return undefined;
  }
  const selector = toOciSelector(spec);
  if (selector === undefined) {
    scope.report("digest-invalid", "spec.ref.digest is no sha256 digest", manifest);
    return undefined;
  }
  return toDraft(scope, manifest, {
    target: manifest.ref,
    targetLabels: manifest.labels,
    repository: parsed.repository,
    selector,
    rules: compileVerify(spec.verify, ABILITY, manifest, scope),
    suspended: spec.suspend === true,
  });
};
