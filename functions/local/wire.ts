import type { Database } from "../../shared/adapters/node/sqlite/database.ts";
import {
  createSqliteStateStore,
  type SqliteStateStore,
} from "../../shared/adapters/node/sqlite/state-store.ts";
import { createSqliteWorkQueue, type SqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Log, PipelineDeps, Send } from "../../shared/pipeline/deps.ts";
import type { Clock, SecretSource, TrustedRootSource } from "../../shared/ports.ts";
import type { FetchJson } from "../../shared/push/token-keys.ts";
import { composeDelivery } from "../wiring/compose.ts";
import { composeEvaluation } from "../wiring/compose-evaluation.ts";
import { createFetchJson } from "../wiring/http/fetch-json.ts";
import { withPlaces } from "../wiring/placed-secrets.ts";
import type { CatalogKeeper } from "../wiring/policy/catalogs.ts";
import { openPolicy } from "../wiring/policy/open-policy.ts";
import { createMachinePlatform } from "./ambient.ts";
import { createRefreshedRoots, type RefreshedRoots } from "./trusted-root-refresh.ts";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** Objects of one push, and pushes of one release, come within this time; nobody notices it. */
const GATHER_MS = 50;

/** The pipeline's surroundings on one machine. */
export interface Wired {
  readonly deps: PipelineDeps & {
    readonly queue: SqliteWorkQueue;
    readonly state: SqliteStateStore;
    readonly send: Send;
  };
  readonly catalogs: CatalogKeeper;
  readonly secrets: SecretSource;
  readonly fetchJson: FetchJson;
  readonly refreshTrustedRoot: RefreshedRoots["refresh"];
  close(): Promise<void>;
}

/** Reads what the configuration names and wires the adapters; starts nothing. Throws for what cannot be read. */
export const wire = async (
  config: Config,
  { env, log, clock = { nowMs: Date.now } }: Surroundings,
  database: Database,
): Promise<Wired> => {
  const machine = withPlaces(createMachinePlatform(env, clock), config);
  const { secrets } = machine;
  const state = createSqliteStateStore(database, clock);
  const queue = createSqliteWorkQueue(database, clock);
  let refreshTrustedRoot: RefreshedRoots["refresh"];
  const toRoots = async (named: TrustedRootSource): Promise<TrustedRootSource> => {
    const roots = await createRefreshedRoots(config, named);
    refreshTrustedRoot = roots.refresh;
    return roots.trustedRoots;
  };
  const policy = await openPolicy(config, { ...machine, state, log, toRoots });
  const { catalogs } = policy;
  const reading = await policy.reading();
  const { fetchJson, close: closeFetchJson } = createFetchJson(config.network.allowPrivate);
  const platform = { clock, queue, state, secrets, catalog: catalogs.current, log, gatherMs: GATHER_MS };
  const delivery = await composeDelivery(config, platform);
  return {
    secrets,
    catalogs,
    fetchJson,
    refreshTrustedRoot,
    deps: { ...delivery.deps, ...(await composeEvaluation(config, platform, reading)) },
    async close() {
      await Promise.all([policy.close(), delivery.close(), closeFetchJson()]);
    },
  };
};
