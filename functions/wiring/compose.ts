import type { Config } from "../../shared/config/config.ts";
import type { DeliverDeps, Log, Send, SharedDeps } from "../../shared/pipeline/deps.ts";
import { createRequirements } from "../../shared/pipeline/evaluate/requirement.ts";
import type { CallerIdentity, Clock, SecretSource, WorkQueue } from "../../shared/ports.ts";
import type { DecisionBus, StateStore } from "../../shared/state.ts";
import { withEndpoints } from "./policy/endpoint-catalog.ts";
import { readRules } from "./policy/rules.ts";
import { createHandling } from "./receivers/handling.ts";
import { createOwnIdentity } from "./receivers/identity.ts";
import { createDeliverySender } from "./receivers/sender.ts";

/** One attempt makes up to three requests (a rotation), fetches a token and drains the answers. */
const toDeliveryLeaseMs = (receiverTimeoutMs: number): number => 3 * receiverTimeoutMs + 60_000;
const DUPLICATE_WINDOW_MS = 7 * 24 * 3_600_000;

/** What a runtime brings along: its adapters, and the catalog in use. */
export interface Platform<Q extends WorkQueue = WorkQueue, S extends StateStore = StateStore> {
  readonly clock: Clock;
  readonly queue: Q;
  readonly state: S;
  readonly secrets: SecretSource;
  readonly catalog: SharedDeps["catalog"];
  readonly log: Log;
  readonly bus?: DecisionBus;
  /** How long a burst is gathered, where the queue's delays are short enough for it. Default: not at all. */
  readonly gatherMs?: number;
}

/** What evaluating and delivering share. Throws `SECRET_UNAVAILABLE` for a rule's key that cannot be read. */
export const composeShared = async <Q extends WorkQueue, S extends StateStore>(
  config: Config,
  { clock, queue, state, secrets, catalog, log, bus, gatherMs = 0 }: Platform<Q, S>,
): Promise<SharedDeps & { readonly queue: Q; readonly state: S }> => ({
  clock,
  random: { fraction: Math.random },
  queue,
  state,
  catalog: withEndpoints(config, catalog),
  ...createRequirements(await readRules(config.rules, secrets), config.evidence.deadlineMs),
  handlingOf: createHandling(config),
  ...(bus === undefined ? {} : { bus }),
  settings: {
    mode: config.mode,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    deliveryLeaseMs: toDeliveryLeaseMs(config.limits.receiverTimeoutMs),
    tagsMaxAgeMs: config.sweep.tagsMaxAgeMs,
    gatherMs: config.limits.gatherMs ?? gatherMs,
  },
  log,
});

/**
 * All that delivering needs, the same on every platform. What sluice.yaml says of our identity comes before
 * `callerIdentity`; without either, `generic-oidc` receivers end in `identity-unavailable`. Throws as `readRules` does.
 */
export const composeDelivery = async <Q extends WorkQueue, S extends StateStore>(
  config: Config,
  platform: Platform<Q, S>,
  callerIdentity?: CallerIdentity,
): Promise<{
  readonly deps: DeliverDeps & { readonly queue: Q; readonly state: S; readonly send: Send };
  close(): Promise<void>;
}> => {
  const { secrets, clock } = platform;
  const identity = createOwnIdentity(config, secrets, clock)?.token ?? callerIdentity;
  const sender = createDeliverySender(config, secrets, clock, identity);
  return {
    deps: {
      ...(await composeShared(config, platform)),
      stopwatch: { runningMs: () => performance.now() },
      send: sender.send,
      secretsOf: sender.secretsOf,
    },
    close: () => sender.close(),
  };
};
