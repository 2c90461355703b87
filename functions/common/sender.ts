import { readFileSync } from "node:fs";
import { createGuardedFetch, type GuardedFetch } from "../../shared/adapters/node/guarded-fetch.ts";
import type { ClusterSettings, Config } from "../../shared/config/config.ts";
import type { Outcome } from "../../shared/delivery/outcomes.ts";
import { createSender, type Sender } from "../../shared/delivery/send.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { PipelineDeps } from "../../shared/pipeline/deps.ts";
import type { CallerIdentity, Clock, SecretSource } from "../../shared/ports.ts";
import { PRIVATE_NETWORKS } from "./private-networks.ts";
import { resolveTarget } from "./targets.ts";

const startDeadline = (timeoutMs: number) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("deadline")), timeoutMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
};

const HEADERS_SLACK_MS = 5_000;

/** One fetch for each cluster: what one cluster may be reached at says nothing about another. */
const createClusterFetch = ({ receiver }: ClusterSettings, config: Config): GuardedFetch =>
  createGuardedFetch({
    // Above the sender's own timeout, which says what a slow answer is.
    headersTimeoutMs: config.limits.receiverTimeoutMs + HEADERS_SLACK_MS,
    allow: [...config.network.allowPrivate, ...(receiver?.allowPrivateAddresses ? PRIVATE_NETWORKS : [])],
    tls: () => (receiver?.ca === undefined ? undefined : { ca: readFileSync(receiver.ca, "utf8") }),
  });

const unsent = (code: Outcome["code"]): Outcome => ({
  code,
  durationMs: 0,
  requests: 0,
  usedPreviousToken: false,
  unexpectedBody: false,
});

/** Sends deliveries to the clusters of sluice.yaml. A receiver that cannot be addressed is an outcome, not an error. */
export const createDeliverySender = (
  config: Config,
  secrets: SecretSource,
  clock: Clock,
  callerIdentity?: CallerIdentity,
): { readonly send: PipelineDeps["send"]; close(): Promise<void> } => {
  const fetches = new Map(
    config.clusters.map((cluster) => [cluster.name, createClusterFetch(cluster, config)]),
  );
  const senders = new Map<string, Sender>();
  for (const [name, { fetch }] of fetches) {
    senders.set(
      name,
      createSender({
        post: (url, init) => fetch(url, init),
        nowMs: clock.nowMs,
        startDeadline,
        timeoutMs: config.limits.receiverTimeoutMs,
        ...(callerIdentity === undefined ? {} : { identityToken: callerIdentity }),
      }),
    );
  }
  return {
    async send({ receiver, body, timeMs }, signal) {
      const sender = "cluster" in receiver ? senders.get(receiver.cluster) : undefined;
      if (sender === undefined || !("cluster" in receiver)) return unsent("misconfigured");
      try {
        const target = await resolveTarget(config.clusters, receiver, secrets);
        const { id, bytes } = body;
        const context = { id, timeMs, cluster: receiver.cluster, receiver: receiver.id };
        return await sender({ ...context, target, body: bytes }, signal);
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        return unsent(error.code === "SECRET_UNAVAILABLE" ? "identity-unavailable" : "misconfigured");
      }
    },
    async close() {
      await Promise.all([...fetches.values()].map((one) => one.close()));
    },
  };
};
