import type { AddressInfo } from "node:net";
import { parseReference } from "oras-js";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { formatRepository, toRepositoryName } from "../../shared/artifact/repository.ts";
import type { Config } from "../../shared/config/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import { readRecovered } from "../../shared/pipeline/evaluate/recovered.ts";
import { createIntake } from "../../shared/pipeline/intake/intake.ts";
import { countOverdue } from "../../shared/pipeline/sweep/overdue.ts";
import { createPipeline } from "../../shared/pipeline.ts";
import type { Finding } from "../../shared/policy/finding.ts";
import type { Push } from "../../shared/ports.ts";
import type { StateStore } from "../../shared/state.ts";
import { createEndpoints } from "../wiring/http/endpoints.ts";
import { createEventAllowance } from "../wiring/http/event-allowance.ts";
import { createFront } from "../wiring/http/front.ts";
import { createInputsRoutes } from "../wiring/http/inputs.ts";
import { createOwnIdentity } from "../wiring/receivers/identity.ts";
import { createRedeliveries } from "../wiring/redeliveries.ts";
import { openDecisionFeeds } from "./decision-feeds.ts";
import { lockInstance } from "./instance-lock.ts";
import { createServer } from "./server.ts";
import { startTimers } from "./timers.ts";
import { type Surroundings, type Wired, wire } from "./wire.ts";
import { startWorkers, toLanes } from "./workers.ts";

/** For work under way, once no more is taken. */
export const STOP_GRACE_MS = 5_000;

export interface LocalRuntime {
  /** `http://host:port` */
  readonly address: string;
  readonly state: StateStore;
  readonly findings: readonly Finding[];
  stop(): Promise<void>;
}

/** The policy itself may live in a repository: a push there, of it or of its signature, is read at once. */
const namesPolicy = ({ catalog, clusters }: Config, pushes: readonly Push[]): boolean => {
  const places = catalog === undefined ? clusters.map(({ manifests }) => manifests) : [catalog];
  const repositories = places.flatMap((place) =>
    place.kind === "artifact" ? [formatRepository(parseReference(place.reference))] : [],
  );
  return pushes.some(({ registry = "", repository = "" }) =>
    repositories.includes(formatRepository(toRepositoryName(registry, repository))),
  );
};

/** Throws CONFIG_INVALID where the system says no: a port in use, one for root alone, an address of nobody here. */
const listen = async (
  server: ReturnType<typeof createServer>,
  { host, port }: Config["listen"],
): Promise<void> => {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "no reason given";
    const message = `cannot listen on ${host}:${port} (${code}); stop what listens there, or set listen in sluice.yaml to another address or port`;
    throw new PipelineError(message, { code: "CONFIG_INVALID", cause });
  }
};

const startServer = async (
  config: Config,
  { deps, catalogs, secrets, fetchJson }: Wired,
  reload: () => void,
) => {
  const { clock, queue } = deps;
  const allowance = createEventAllowance(config.limits.eventsPerMinute, clock);
  const endpoints = createEndpoints(config.sources, secrets, clock, fetchJson, allowance);
  // A secret that is missing is said now, not to the first registry that calls.
  await Promise.all(endpoints.map((endpoint) => endpoint.options()));
  const intake = createIntake({
    ...deps,
    endpoints,
    onAccepted: (pushes) => {
      if (namesPolicy(config, pushes)) reload();
    },
  });
  const { issuer } = createOwnIdentity(config, secrets, clock) ?? {};
  // A key that cannot be used, too.
  await issuer?.keys();
  const inputs = createInputsRoutes(config, deps, secrets);
  const health = async () => ({
    status: "ok",
    mode: config.mode,
    catalog: catalogs.current().version,
    ...queue.counts(),
    recovered: await readRecovered(deps.state),
    overdue: await countOverdue(deps),
  });
  const server = createServer({
    maxBodyBytes: config.limits.bodyBytes,
    intake: createFront(config, { ...deps, secrets, issuer }, intake, inputs),
    health,
  });
  await listen(server, config.listen);
  const { address, port } = server.server.address() as AddressInfo;
  const host = address.includes(":") ? `[${address}]` : address;
  return { address: `http://${host}:${port}`, close: () => server.close() };
};

const startAll = async (config: Config, wired: Wired) => {
  const { catalogs } = wired;
  const { queue, state, clock, log } = wired.deps;
  await Promise.all([queue.freeAbandoned(), state.freeAbandoned()]);
  const feeds = await openDecisionFeeds(config, wired.deps);
  const deps = feeds.bus === undefined ? wired.deps : { ...wired.deps, bus: feeds.bus };
  const pipeline = createPipeline(deps);
  // First start: what is selected already becomes the baseline before the first event can come in.
  await pipeline.sweepRepositories(0);
  const timers = startTimers({
    config,
    pipeline,
    catalogs,
    state,
    clock,
    log,
    askForRedeliveries: createRedeliveries(config, wired.secrets, { clock, documents: state, log }),
    refreshTrustedRoot: wired.refreshTrustedRoot,
  });
  const server = await startServer(config, wired, timers.reload);
  const { evaluations, deliveries, attempts } = config.limits;
  const workers = startWorkers({
    ...deps,
    pipeline,
    lanes: toLanes(evaluations, deliveries),
    maxAttempts: attempts,
    workTimeoutMs: deps.settings.deliveryLeaseMs,
  });
  feeds.start();
  return {
    address: server.address,
    async stop() {
      timers.stop();
      await server.close();
      await workers.stop(STOP_GRACE_MS);
      await feeds.stop();
    },
  };
};

/** The embedded runtime: intake, workers and sweep over one SQLite file. */
export const startLocalRuntime = async (
  config: Config,
  surroundings: Surroundings,
): Promise<LocalRuntime> => {
  const lock = lockInstance(config.state.path);
  const cleanUp: (() => unknown)[] = [() => lock.release()];
  const undo = async (): Promise<void> => {
    for (const step of cleanUp.toReversed()) await step();
  };
  try {
    const database = openDatabase(config.state.path);
    cleanUp.push(() => database.close());
    const wired = await wire(config, surroundings, database);
    cleanUp.push(() => wired.close());
    const running = await startAll(config, wired);
    cleanUp.push(() => running.stop());
    const { address } = running;
    return { address, state: wired.deps.state, findings: wired.catalogs.findings(), stop: undo };
  } catch (error) {
    await undo();
    throw error;
  }
};
