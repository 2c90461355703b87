import type { AddressInfo } from "node:net";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import { createSqliteWorkQueue } from "../../shared/adapters/node/sqlite/work-queue.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Log, PipelineDeps } from "../../shared/pipeline/deps.ts";
import { createIntake } from "../../shared/pipeline/intake.ts";
import { createRequirements } from "../../shared/pipeline/requirement.ts";
import { createSelectors } from "../../shared/pipeline/selectors.ts";
import { createPipeline } from "../../shared/pipeline.ts";
import type { Finding } from "../../shared/policy/finding.ts";
import { createVerifier } from "../../shared/signature/verifier.ts";
import type { StateStore } from "../../shared/state.ts";
import { keepCatalog } from "./catalogs.ts";
import { createEndpoints } from "./endpoints.ts";
import { lockInstance } from "./instance-lock.ts";
import { createRegistry } from "./registry.ts";
import { readRules } from "./rules.ts";
import { createDeliverySender } from "./sender.ts";
import { createServer } from "./server.ts";
import { startTimers } from "./timers.ts";
import { createTrustedRoots } from "./trusted-roots.ts";
import { startWorkers } from "./workers.ts";

const DELIVERY_LEASE_MS = 180_000;
const DUPLICATE_WINDOW_MS = 7 * 24 * 3_600_000;
const STOP_GRACE_MS = 5_000;

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

export interface LocalRuntime {
  /** `http://host:port` */
  readonly address: string;
  readonly state: StateStore;
  readonly findings: readonly Finding[];
  stop(): Promise<void>;
}

/** The embedded runtime: intake, workers and sweep over one SQLite file. The only place that wires them. */
export const startLocalRuntime = async (
  config: Config,
  { env, log }: Surroundings,
): Promise<LocalRuntime> => {
  const clock = { nowMs: Date.now };
  const random = { fraction: Math.random };
  const secrets = createNodeSecrets(env);
  const catalogs = await keepCatalog(config.clusters, secrets, log);
  const rules = await readRules(config.rules, secrets);
  const endpoints = createEndpoints(config.sources, secrets, clock);
  const lock = lockInstance(config.state.path);
  const database = openDatabase(config.state.path);
  const queue = createSqliteWorkQueue(database, clock);
  const state = createSqliteStateStore(database, clock);
  await Promise.all([queue.freeAbandoned(), state.freeAbandoned()]);

  const registries = createRegistry(config, secrets, clock);
  const registry = registries.reader;
  const trustedRoots = createTrustedRoots(
    config.trustedRoots,
    (name) => catalogs.current().trustedRoots[name],
  );
  const sender = createDeliverySender(config, secrets, clock);
  const deps: PipelineDeps = {
    clock,
    random,
    queue,
    state,
    registry,
    verifier: createVerifier({ registry, trustedRoots, nowMs: clock.nowMs }),
    catalog: catalogs.current,
    selectorOf: createSelectors(),
    ...createRequirements(rules, config.evidence.deadlineMs),
    send: sender.send,
    settings: {
      mode: config.mode,
      duplicateWindowMs: DUPLICATE_WINDOW_MS,
      deliveryLeaseMs: DELIVERY_LEASE_MS,
    },
    log,
  };
  const pipeline = createPipeline(deps);
  // First start: what is selected already becomes the baseline before the first event can come in.
  await pipeline.sweepRepositories(0);

  const intake = createIntake({ clock, random, queue, endpoints, log });
  const health = () => ({
    status: "ok",
    mode: config.mode,
    catalog: catalogs.current().version,
    ...queue.counts(),
  });
  const server = createServer({ maxBodyBytes: config.limits.bodyBytes, intake, health });
  await server.listen({ host: config.listen.host, port: config.listen.port });
  const { address, port } = server.server.address() as AddressInfo;
  const concurrency = config.limits.evaluations + config.limits.deliveries;
  const workers = startWorkers({ queue, pipeline, clock, random, log, concurrency });
  const timers = startTimers({ config, pipeline, catalogs, state, clock, log });

  return {
    address: `http://${address.includes(":") ? `[${address}]` : address}:${port}`,
    state,
    findings: catalogs.findings(),
    async stop() {
      timers.stop();
      await server.close();
      await workers.stop(STOP_GRACE_MS);
      await Promise.all([registries.close(), sender.close()]);
      await database.close();
      lock.release();
    },
  };
};
