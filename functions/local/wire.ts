import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import type { Database } from "../../shared/adapters/node/sqlite/database.ts";
import {
  createSqliteStateStore,
  type SqliteStateStore,
} from "../../shared/adapters/node/sqlite/state-store.ts";
import { createSqliteWorkQueue, type SqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Log, PipelineDeps } from "../../shared/pipeline/deps.ts";
import { createRequirements } from "../../shared/pipeline/requirement.ts";
import { createSelectors } from "../../shared/pipeline/selectors.ts";
import type { SecretSource } from "../../shared/ports.ts";
import type { FetchJson } from "../../shared/push/token-keys.ts";
import { createVerifier } from "../../shared/signature/verifier.ts";
import { type CatalogKeeper, keepCatalog } from "./catalogs.ts";
import { createClusterReader } from "./cluster-manifests.ts";
import { createFetchJson } from "./fetch-json.ts";
import { createRegistry } from "./registry.ts";
import { readRules } from "./rules.ts";
import { createDeliverySender } from "./sender.ts";
import { createRefreshedRoots, type RefreshedRoots } from "./trusted-root-refresh.ts";
import { createTrustedRoots } from "./trusted-roots.ts";

/** One attempt makes up to three requests (a rotation), fetches a token and drains the answers. */
const toDeliveryLeaseMs = (receiverTimeoutMs: number): number => 3 * receiverTimeoutMs + 60_000;
const DUPLICATE_WINDOW_MS = 7 * 24 * 3_600_000;

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** The pipeline's surroundings on one machine. */
export interface Wired {
  readonly deps: PipelineDeps & { readonly queue: SqliteWorkQueue; readonly state: SqliteStateStore };
  readonly catalogs: CatalogKeeper;
  readonly secrets: SecretSource;
  readonly fetchJson: FetchJson;
  readonly refreshTrustedRoot: RefreshedRoots["refresh"];
  close(): Promise<void>;
}

/** Reads what the configuration names and wires the adapters; starts nothing. Throws for what cannot be read. */
export const wire = async (
  config: Config,
  { env, log }: Surroundings,
  database: Database,
): Promise<Wired> => {
  const clock = { nowMs: Date.now };
  const secrets = createNodeSecrets(env);
  const rules = await readRules(config.rules, secrets);
  const registry = createRegistry(config, secrets, clock);
  const state = createSqliteStateStore(database, clock);
  // The manifests may come from an artifact, which is verified before there is a catalog to name roots.
  let catalogs: CatalogKeeper | undefined;
  const rootOf = (name: string): string | undefined => catalogs?.current().trustedRoots[name];
  const roots = await createRefreshedRoots(config, createTrustedRoots(config.trustedRoots, rootOf));
  const { trustedRoots } = roots;
  const verifier = createVerifier({ registry: registry.reader, trustedRoots, nowMs: clock.nowMs });
  const artifacts = { registry: registry.reader, verifier, secrets, state };
  catalogs = await keepCatalog(config.clusters, createClusterReader(secrets, artifacts), log);
  const { fetchJson, close: closeFetchJson } = createFetchJson(config.network.allowPrivate);
  const sender = createDeliverySender(config, secrets, clock);
  return {
    secrets,
    catalogs,
    fetchJson,
    refreshTrustedRoot: roots.refresh,
    deps: {
      clock,
      random: { fraction: Math.random },
      queue: createSqliteWorkQueue(database, clock),
      state,
      registry: registry.reader,
      verifier,
      catalog: catalogs.current,
      selectorOf: createSelectors(),
      ...createRequirements(rules, config.evidence.deadlineMs),
      send: sender.send,
      settings: {
        mode: config.mode,
        duplicateWindowMs: DUPLICATE_WINDOW_MS,
        deliveryLeaseMs: toDeliveryLeaseMs(config.limits.receiverTimeoutMs),
      },
      log,
    },
    async close() {
      await Promise.all([registry.close(), sender.close(), closeFetchJson()]);
    },
  };
};
