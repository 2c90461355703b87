import { formatArtifact, formatRepository, type RepositoryName } from "../../artifact/repository.ts";
import type { Subscription, Verifier } from "../../ports.ts";
import type { CatalogView, EvaluateDeps } from "../deps.ts";
import type { DecisionContext } from "./decision-record.ts";

/** What one piece of work is done under: one catalog from start to end, and each repository listed at most once. */
export interface Scope {
  readonly deps: EvaluateDeps;
  readonly catalog: CatalogView;
  readonly signal: AbortSignal;
  /** Where the work came from, for the decision's facts. */
  readonly origin: Readonly<Record<string, unknown>>;
  /** Before anything was read. */
  readonly startedAtMs: number;
  /** When the event at hand came in; absent for what no event asked for. */
  readonly receivedAtMs?: number;
  tagsOf(repository: RepositoryName): Promise<readonly string[]>;
  /** Asks for each artifact and rule once: a thousand clusters' objects often want the same. */
  readonly verifier: Verifier;
}

/** What is asked while the answer is still on its way gets the same one; rules with one id have one content. */
const askOnce = (verifier: Verifier): Verifier => {
  const answers = new Map<string, ReturnType<Verifier["verify"]>>();
  return {
    verify(artifact, rule, signal) {
      const key = `${rule.origin}:${rule.id} ${formatArtifact(artifact)}`;
      const answer = answers.get(key) ?? verifier.verify(artifact, rule, signal);
      answers.set(key, answer);
      return answer;
    },
  };
};

export const createScope = (
  deps: EvaluateDeps,
  signal: AbortSignal,
  origin: Scope["origin"],
  receivedAtMs?: number,
): Scope => {
  const listings = new Map<string, Promise<readonly string[]>>();
  return {
    deps,
    catalog: deps.catalog(),
    signal,
    origin,
    startedAtMs: deps.clock.nowMs(),
    verifier: askOnce(deps.verifier),
    ...(receivedAtMs === undefined ? {} : { receivedAtMs }),
    tagsOf(repository) {
      const key = formatRepository(repository);
      let listing = listings.get(key);
      if (listing === undefined) {
        listing = Array.fromAsync(deps.registry.listTags(repository, signal));
        listings.set(key, listing);
      }
      return listing;
    },
  };
};

export const toDecisionContext = (
  { deps, catalog, origin }: Scope,
  subscription: Subscription,
): DecisionContext => ({
  subscription,
  catalogVersion: catalog.version,
  nowMs: deps.clock.nowMs(),
  mode: deps.settings.mode,
  origin,
  evidenceDeadlineMs: deps.evidenceDeadlineMsOf(subscription),
  gatherMs: deps.settings.gatherMs,
  served: deps.isServed?.(subscription) ?? false,
});
