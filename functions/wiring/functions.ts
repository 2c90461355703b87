import type { Config } from "../../shared/config/config.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { EvaluateDeps } from "../../shared/pipeline/deps.ts";
import { matchPush } from "../../shared/pipeline/evaluate/match-push.ts";
import { say } from "../../shared/pipeline/intake/answer.ts";
import type { Intake } from "../../shared/pipeline/intake/intake.ts";
import { withRoutes } from "../../shared/pipeline/intake/routes.ts";
import { sweepDue, sweepRepositories } from "../../shared/pipeline/sweep/sweep.ts";
import { deliver, evaluate } from "../../shared/pipeline.ts";
import type { Work, WorkQueue } from "../../shared/ports.ts";
import type { DecisionBus } from "../../shared/state.ts";
import { composeDelivery, composeShared } from "./compose.ts";
import { createInputsRoutes } from "./http/inputs.ts";
import { notReady } from "./not-ready.ts";
import { openOnce } from "./open-once.ts";
import type { CatalogKeeper } from "./policy/catalogs.ts";
import { type OpenedPolicy, openPolicy, type PolicyPlatform } from "./policy/open-policy.ts";
import { catalogIntervalMs, createCatalogRefresh } from "./policy/refresh-catalog.ts";
import { createRedeliveries } from "./redeliveries.ts";

/** What a cloud brings to one of its functions. */
export interface Cloud extends PolicyPlatform {
  /** Both kinds of work; see `routeWork`. */
  readonly queue: WorkQueue;
  readonly bus?: DecisionBus;
}

/** A function that works off messages of one kind. */
export interface WorkFunction {
  /** Tries of one message before it is set aside. */
  readonly maxAttempts: number;
  /** Does one message's work under the catalog in use. Throws a PipelineError whose disposition `settle` reads. */
  run(work: Work, signal: AbortSignal): Promise<void>;
}

const toRefresh = (config: Config, catalogs: CatalogKeeper, { clock }: Cloud): (() => Promise<void>) =>
  createCatalogRefresh(catalogs, catalogIntervalMs(config), clock);

const misrouted = ({ kind }: Work): PipelineError =>
  new PipelineError(`${kind} work on the other kind's queue`, { code: "WORK_MALFORMED" });

const openDeps = async (
  config: Config,
  cloud: Cloud,
  { catalogs, reading }: OpenedPolicy,
): Promise<EvaluateDeps> => {
  // The functions that neither verify nor select share this module.
  const [{ composeEvaluation }, opened] = await Promise.all([import("./compose-evaluation.ts"), reading()]);
  return composeEvaluation(config, { ...cloud, catalog: catalogs.current }, opened);
};

/** What evaluating needs over a cloud's state, for a person's commands. */
export const openEvaluation = async (
  config: Config,
  cloud: Cloud,
): Promise<{ readonly deps: EvaluateDeps; close(): Promise<void> }> => {
  const policy = await openPolicy(config, cloud);
  return { deps: await openDeps(config, cloud, policy), close: () => policy.close() };
};

/** The function that reads registries, verifies and decides; it has no receiver's secret. */
export const openEvaluateFunction = async (config: Config, cloud: Cloud): Promise<WorkFunction> => {
  const policy = await openPolicy(config, cloud);
  const { catalogs } = policy;
  const refresh = toRefresh(config, catalogs, cloud);
  const deps = openOnce(() => openDeps(config, cloud, policy));
  return {
    maxAttempts: config.limits.attempts,
    async run(work, signal) {
      if (work.kind === "deliver") throw misrouted(work);
      await refresh();
      // Most pushes to a shared registry: an instance that has met no other starts without verifier, regular
      // expressions and registry client, which are a third of what evaluating loads.
      if (work.kind === "push" && matchPush(catalogs.current(), work.push, cloud.log) === undefined) return;
      const opened = await deps().catch((cause: unknown) => {
        throw notReady(cause);
      });
      await evaluate(opened, work, signal);
    },
  };
};

/** The function that tells receivers; the platform logs it in to no registry. */
export const openDeliverFunction = async (config: Config, cloud: Cloud): Promise<WorkFunction> => {
  const { catalogs } = await openPolicy(config, cloud);
  const refresh = toRefresh(config, catalogs, cloud);
  const platform = { ...cloud, catalog: catalogs.current };
  const { deps } = await composeDelivery(config, platform, cloud.callerIdentity);
  return {
    maxAttempts: config.limits.attempts,
    async run(work, signal) {
      if (work.kind !== "deliver") throw misrouted(work);
      await refresh();
      await deliver(deps, work, signal);
    },
  };
};

/** The function behind the timers. */
export interface SweepFunction {
  /** Work that is due and whose hint was lost. */
  due(): Promise<void>;
  /** A fresh look at every repository, and at what senders could not deliver. */
  repositories(): Promise<void>;
}

/** Of a function that has two minutes or more. */
const REDELIVERIES_TIMEOUT_MS = 45_000;

/** Asks for work and does none of it: of Sluice's own queues, and of senders that keep what did not arrive. */
export const openSweepFunction = async (config: Config, cloud: Cloud): Promise<SweepFunction> => {
  const { catalogs } = await openPolicy(config, cloud);
  const refresh = toRefresh(config, catalogs, cloud);
  const { clock, secrets, state, log } = cloud;
  const deps = { ...cloud, catalog: catalogs.current, random: { fraction: Math.random } };
  const senders = { clock, documents: state, log };
  const askForRedeliveries = createRedeliveries(config, secrets, senders, REDELIVERIES_TIMEOUT_MS);
  return {
    due: () => sweepDue(deps),
    async repositories() {
      try {
        await refresh();
        await sweepRepositories(deps, config.sweep.intervalMs / 10);
      } finally {
        // A look at our own repositories that failed is no reason to leave events where they are.
        await askForRedeliveries?.();
      }
    },
  };
};

/** The function that flux-operators ask for their clusters' verified versions; it needs state and catalog alone. */
export const openInputsFunction = async (config: Config, cloud: Cloud): Promise<Intake> => {
  const { catalogs } = await openPolicy(config, cloud);
  const refresh = toRefresh(config, catalogs, cloud);
  const platform = { ...cloud, catalog: catalogs.current };
  const deps = await composeShared(config, platform);
  const unknown: Intake = async () => say(404, "no cluster has its inputs at this path; see sluice.yaml");
  const routed = withRoutes(createInputsRoutes(config, deps, cloud.secrets), unknown, cloud.log);
  return async (request) => {
    await refresh();
    return routed(request);
  };
};
