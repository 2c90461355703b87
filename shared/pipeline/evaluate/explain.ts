import type { Digest } from "../../artifact/digest.ts";
import type { RepositoryName } from "../../artifact/repository.ts";
import type { Subscription } from "../../ports.ts";
import type { DecisionRecord, FluxSelection, Version } from "../../state.ts";
import type { EvaluateDeps } from "../deps.ts";
import { previewBaseline } from "./baseline.ts";
import { decideVersion } from "./consider.ts";
import { decideIgnored } from "./decide.ts";
import { createScope, type Scope, toDecisionContext } from "./scope.ts";

export interface ExplainedSubscription {
  readonly subscription: Subscription;
  /** What Flux would pick as far as Sluice knows, before this push. */
  readonly selection?: FluxSelection;
  /** What would be recorded, last the decision about this version. Empty: it is the selection already, and settled. */
  readonly records: readonly DecisionRecord[];
}

export interface Explanation {
  readonly repository: RepositoryName;
  readonly tag?: string;
  /** What the registry says the reference names now; absent: nothing. */
  readonly digest?: Digest;
  readonly subscriptions: readonly ExplainedSubscription[];
}

const explainFor = async (
  scope: Scope,
  subscription: Subscription,
  version: Version,
): Promise<ExplainedSubscription> => {
  const { selector } = subscription;
  const refuse = (reason: string): ExplainedSubscription => ({
    subscription,
    ...decideIgnored(toDecisionContext(scope, subscription), version, reason),
  });
  if (subscription.suspended) return refuse("suspended");
  if (selector.kind === "digest" && selector.digest !== version.digest) return refuse("other-digest");
  if (selector.kind !== "digest") {
    if (version.tag === undefined) return refuse("untagged");
    const accepts = scope.deps.selectorOf(selector).accepts(version.tag);
    if (!accepts.accepted) return refuse(accepts.reason);
  }
  const wanted = selector.kind === "digest" ? { digest: version.digest } : version;
  const state = await previewBaseline(scope, subscription, wanted);
  const decided = await decideVersion(scope, subscription, state, wanted, "push");
  return {
    subscription,
    records: decided?.records ?? [],
    ...(state.selection === undefined ? {} : { selection: state.selection }),
  };
};

/** What a push of this reference would do now, and why. Reads the registry and the state; changes nothing. */
export const explain = async (
  deps: EvaluateDeps,
  repository: RepositoryName,
  reference: { readonly tag: string } | { readonly digest: Digest },
  signal: AbortSignal,
): Promise<Explanation> => {
  const scope = createScope(deps, signal, { source: "explain" });
  const named = "tag" in reference ? { tag: reference.tag } : {};
  const digest =
    "tag" in reference
      ? await deps.registry.resolveTag(repository, reference.tag, signal)
      : (await deps.registry.fetchManifest({ ...repository, digest: reference.digest }, signal))?.digest;
  if (digest === undefined) return { repository, ...named, subscriptions: [] };
  const version = { ...named, digest };
  const matches = scope.catalog.match(repository);
  const subscriptions = await Promise.all(
    matches.map((subscription) => explainFor(scope, subscription, version)),
  );
  return { repository, ...version, subscriptions };
};
