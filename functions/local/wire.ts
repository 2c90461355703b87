import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import type { Database } from "../../shared/adapters/node/sqlite/database.ts";
import {
  createSqliteStateStore,
  type SqliteStateStore,
} from "../../shared/adapters/node/sqlite/state-store.ts";
import { createSqliteWorkQueue, type SqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Log, PipelineDeps } from "../../shared/pipeline/deps.ts";
import { createSelectors } from "../../shared/pipeline/selectors.ts";
import type { SecretSource } from "../../shared/ports.ts";
import type { FetchJson } from "../../shared/push/token-keys.ts";
import { createVerifier } from "../../shared/signature/verifier.ts";
import { createCatalogLoader } from "../common/catalog-loader.ts";
import { type CatalogKeeper, keepCatalog } from "../common/catalogs.ts";
import { composeDelivery } from "../common/compose.ts";
import { createFetchJson } from "../common/fetch-json.ts";
import { createRegistry } from "../common/registry.ts";
import { createTrustedRoots } from "../common/trusted-roots.ts";
import { createRefreshedRoots, type RefreshedRoots } from "./trusted-root-refresh.ts";

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
  const registry = createRegistry(config, secrets, clock);
  const state = createSqliteStateStore(database, clock);
  const queue = createSqliteWorkQueue(database, clock);
  // The policy may come from an artifact, which is verified before there is a catalog to name roots.
  let catalogs: CatalogKeeper | undefined;
  const rootOf = (name: string): string | undefined => catalogs?.current().trustedRoots[name];
  const roots = await createRefreshedRoots(config, createTrustedRoots(config.trustedRoots, rootOf));
  const { trustedRoots } = roots;
  const verifier = createVerifier({ registry: registry.reader, trustedRoots, nowMs: clock.nowMs });
  const ports = { registry: registry.reader, verifier, secrets, state, clock };
  catalogs = await keepCatalog(createCatalogLoader(config, ports), log);
  const { current: catalog } = catalogs;
  const { fetchJson, close: closeFetchJson } = createFetchJson(config.network.allowPrivate);
  const delivery = await composeDelivery(config, { clock, queue, state, secrets, catalog, log });
  return {
    secrets,
    catalogs,
    fetchJson,
    refreshTrustedRoot: roots.refresh,
    deps: { ...delivery.deps, registry: registry.reader, verifier, selectorOf: createSelectors() },
    async close() {
      await Promise.all([registry.close(), delivery.close(), closeFetchJson()]);
    },
  };
};
