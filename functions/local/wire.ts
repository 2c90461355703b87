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
import { createFetchJson } from "./fetch-json.ts";
import { createRegistry } from "./registry.ts";
import { readRules } from "./rules.ts";
import { createDeliverySender } from "./sender.ts";
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
  const catalogs = await keepCatalog(config.clusters, secrets, log);
  const rules = await readRules(config.rules, secrets);
  const registry = createRegistry(config, secrets, clock);
  const trustedRoots = createTrustedRoots(
    config.trustedRoots,
    (name) => catalogs.current().trustedRoots[name],
  );
  const { fetchJson, close: closeFetchJson } = createFetchJson(config.network.allowPrivate);
  const sender = createDeliverySender(config, secrets, clock);
  return {
    secrets,
    catalogs,
    fetchJson,
    deps: {
      clock,
      random: { fraction: Math.random },
      queue: createSqliteWorkQueue(database, clock),
      state: createSqliteStateStore(database, clock),
      registry: registry.reader,
      verifier: createVerifier({ registry: registry.reader, trustedRoots, nowMs: clock.nowMs }),
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
