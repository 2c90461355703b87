import type { Config } from "../../shared/config/config.ts";
import type { DeliverDeps, Log } from "../../shared/pipeline/deps.ts";
import { createRequirements } from "../../shared/pipeline/requirement.ts";
import type { CallerIdentity, Clock, SecretSource, WorkQueue } from "../../shared/ports.ts";
import type { DecisionBus, StateStore } from "../../shared/state.ts";
import { readRules } from "./rules.ts";
import { createDeliverySender } from "./sender.ts";

/** One attempt makes up to three requests (a rotation), fetches a token and drains the answers. */
const toDeliveryLeaseMs = (receiverTimeoutMs: number): number => 3 * receiverTimeoutMs + 60_000;
const DUPLICATE_WINDOW_MS = 7 * 24 * 3_600_000;

/** What a runtime brings along: its adapters, and the catalog in use. */
export interface Platform<Q extends WorkQueue = WorkQueue, S extends StateStore = StateStore> {
  readonly clock: Clock;
  readonly queue: Q;
  readonly state: S;
  readonly secrets: SecretSource;
  readonly catalog: DeliverDeps["catalog"];
  readonly log: Log;
  /** Absent: `generic-oidc` receivers end in `identity-unavailable`. */
  readonly callerIdentity?: CallerIdentity;
  readonly bus?: DecisionBus;
}

/**
 * All that delivering needs, the same on every platform; evaluating adds a registry, a verifier and selectors.
 * Throws `SECRET_UNAVAILABLE` for a rule's key that cannot be read.
 */
export const composeDelivery = async <Q extends WorkQueue, S extends StateStore>(
  config: Config,
  { clock, queue, state, secrets, catalog, log, callerIdentity, bus }: Platform<Q, S>,
): Promise<{
  readonly deps: DeliverDeps & { readonly queue: Q; readonly state: S };
  close(): Promise<void>;
}> => {
  const rules = await readRules(config.rules, secrets);
  const sender = createDeliverySender(config, secrets, clock, callerIdentity);
  return {
    deps: {
      clock,
      random: { fraction: Math.random },
      queue,
      state,
      catalog,
      ...createRequirements(rules, config.evidence.deadlineMs),
      send: sender.send,
      ...(bus === undefined ? {} : { bus }),
      settings: {
        mode: config.mode,
        duplicateWindowMs: DUPLICATE_WINDOW_MS,
        deliveryLeaseMs: toDeliveryLeaseMs(config.limits.receiverTimeoutMs),
      },
      log,
    },
    close: () => sender.close(),
  };
};
