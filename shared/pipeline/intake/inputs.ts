import type { Secret } from "../../artifact/secret.ts";
import {
  type InputCandidate,
  isAuthorized,
  toExternalServiceAnswer,
} from "../../delivery/external-service.ts";
import type { ObjectRef, Subscription } from "../../ports.ts";
import type { StateStore, SubscriptionState } from "../../state.ts";
import type { PipelineSettings, SharedDeps } from "../deps.ts";
import { changeDocument } from "../documents.ts";
import { toRequirementId } from "../evaluate/verdict.ts";
import { say } from "./answer.ts";
import type { Route } from "./routes.ts";

export interface InputsDeps extends Pick<SharedDeps, "catalog" | "requirementOf" | "log"> {
  readonly state: StateStore;
  readonly settings: Pick<PipelineSettings, "mode">;
}

/** What one cluster's flux-operator asks for. */
export interface InputsEndpoint {
  readonly cluster: string;
  readonly path: string;
  readonly limit: number;
  /** Read anew for each request, so that a rotated one counts at once. */
  tokens(): Promise<readonly Secret[]>;
  /** Whether a subscription's version is among the answers. */
  serves(subscription: Subscription): boolean;
}

/** Rows loaded at once. */
const CONCURRENCY = 32;

/** As long as the object: namespaces and kinds have no dot, so no two objects share one. Fit for a resource's name. */
export const toInputId = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind.toLowerCase()}.${name}.${namespace}`;

const keyOf = (cluster: string): string => `inputs/${cluster}`;

/** We alone write it. */
const toIds = (value: unknown): readonly string[] =>
  (value as { readonly ids: readonly string[] } | undefined)?.ids ?? [];

const loadRows = async (
  state: StateStore,
  subscriptions: readonly Subscription[],
): Promise<ReadonlyMap<string, SubscriptionState>> => {
  const rows = new Map<string, SubscriptionState>();
  for (let at = 0; at < subscriptions.length; at += CONCURRENCY) {
    const some = subscriptions.slice(at, at + CONCURRENCY);
    for (const row of await Promise.all(some.map(({ id }) => state.load(id))))
      rows.set(row.subscription, row);
  }
  return rows;
};

/** Verified under the rules in use now, for the manifest in use now; anything else is in doubt. */
const versionOfRow = (
  { requirementOf }: InputsDeps,
  subscription: Subscription,
  row: SubscriptionState | undefined,
): InputCandidate["version"] => {
  const { approved } = row ?? {};
  if (approved === undefined || row?.selectorHash !== subscription.selectorHash) return undefined;
  if (approved.requirement !== toRequirementId(requirementOf(subscription))) return undefined;
  const { tag, digest, decisionId, identity } = approved;
  return {
    ...(tag === undefined ? {} : { tag }),
    digest,
    decisionId,
    ...(identity === undefined ? {} : { identity }),
  };
};

/** Remembers what was answered before it is: an id that is missing later must not read as an order to delete. */
const remember = async (state: StateStore, cluster: string, ids: readonly string[]): Promise<void> => {
  await changeDocument(state, keyOf(cluster), (stored) => {
    const known = new Set(toIds(stored));
    return known.size === ids.length && ids.every((id) => known.has(id)) ? undefined : { ids };
  });
};

const toCandidates = async (
  deps: InputsDeps,
  { cluster, serves }: InputsEndpoint,
): Promise<readonly InputCandidate[]> => {
  const subscriptions = [...deps.catalog().subscriptions()].filter(
    (one) => one.cluster === cluster && serves(one),
  );
  const rows = await loadRows(deps.state, subscriptions);
  const answered = new Set(toIds((await deps.state.loadDocument(keyOf(cluster)))?.value));
  return subscriptions.map((subscription) => {
    const id = toInputId(subscription.object);
    const version = versionOfRow(deps, subscription, rows.get(subscription.id));
    return {
      id,
      repository: subscription.repository,
      answeredBefore: answered.has(id),
      ...(version === undefined ? {} : { version }),
    };
  });
};

/** Serves a cluster's verified versions to flux-operator. In doubt it answers 503, and the operator keeps what it has. */
export const createInputsRoute = (deps: InputsDeps, endpoint: InputsEndpoint): Route => ({
  path: endpoint.path,
  method: "GET",
  async answer({ headers }) {
    const { cluster, limit } = endpoint;
    if (!isAuthorized(headers.authorization, await endpoint.tokens())) {
      deps.log("inputs-refused", { cluster });
      return say(401, "refused", { "www-authenticate": "Bearer" });
    }
    const unavailable = (reason: string) => {
      deps.log("inputs-unavailable", { cluster, reason });
      return say(503, `nothing is served now (${reason}): keep what you have`, { "retry-after": "60" });
    };
    if (deps.settings.mode === "observe") return unavailable("observing");
    const candidates = await toCandidates(deps, endpoint);
    const answer = toExternalServiceAnswer(candidates, limit);
    if (answer.kind === "unavailable") return unavailable(answer.reason);
    const ids = candidates.filter(({ version }) => version !== undefined).map(({ id }) => id);
    await remember(deps.state, cluster, ids.sort());
    return {
      status: 200,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
      body: Buffer.from(answer.body).toString(),
    };
  },
});
