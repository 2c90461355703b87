import { readFile } from "node:fs/promises";
import type { GuardedFetch } from "../../../shared/adapters/node/guarded-fetch.ts";
import { createLazyGuardedFetch } from "../../../shared/adapters/node/lazy-guarded-fetch.ts";
import type { Config } from "../../../shared/config/config.ts";
import type { TransportSettings } from "../../../shared/config/delivery-settings.ts";
import { type Outcome, unsent } from "../../../shared/delivery/outcomes.ts";
import { createSender, type Sender } from "../../../shared/delivery/send.ts";
import type { DeliveryTarget } from "../../../shared/delivery/target.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { DeliverDeps, Send } from "../../../shared/pipeline/deps.ts";
import type { CallerIdentity, Clock, SecretSource } from "../../../shared/ports.ts";
import type { Receiver } from "../../../shared/receiver.ts";
import { PRIVATE_NETWORKS } from "./private-networks.ts";
import { createSecretMarks } from "./secret-marks.ts";
import { createTargets } from "./targets.ts";

const startDeadline = (timeoutMs: number) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("deadline")), timeoutMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
};

const HEADERS_SLACK_MS = 5_000;
/** An answer is thrown away; what is longer ends the connection. */
const MAX_RESPONSE_BYTES = 256 * 1024;

const readPem = async (path: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new PipelineError(`${path} cannot be read`, { code: "CONFIG_INVALID", cause });
  }
};

type Transport = Pick<TransportSettings, "allowPrivateAddresses" | "ca" | "clientCertificate">;

/** Read for each new connection, so that a certificate that is renewed in its place counts. */
const readTls = async ({ ca, clientCertificate }: Transport, secrets: SecretSource) => ({
  ...(ca === undefined ? {} : { ca: await readPem(ca) }),
  ...(clientCertificate === undefined
    ? {}
    : {
        certificate: await readPem(clientCertificate.certificate),
        key: await secrets.read(clientCertificate.key),
      }),
});

/** One fetch for each cluster and endpoint: what one may be reached at, and what is shown to it, is its own. */
const createReceiverFetch = (transport: Transport, config: Config, secrets: SecretSource): GuardedFetch =>
  createLazyGuardedFetch({
    // Above the sender's own timeout, which says what a slow answer is.
    headersTimeoutMs: config.limits.receiverTimeoutMs + HEADERS_SLACK_MS,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    allow: [...config.network.allowPrivate, ...(transport.allowPrivateAddresses ? PRIVATE_NETWORKS : [])],
    tls: () => readTls(transport, secrets),
  });

/** Of secrets that could not be read, or not be used any more. */
const UNUSABLE = "unusable";

const unlessUnavailable = async (mark: () => Promise<string | undefined>): Promise<string | undefined> => {
  try {
    return await mark();
  } catch (error) {
    if (error instanceof PipelineError) return undefined;
    throw error;
  }
};

const unshown = (code: Outcome["code"]): Outcome => ({ ...unsent(code), secrets: UNUSABLE });

const NO_TRANSPORT: Transport = { allowPrivateAddresses: false };

/** Whose settings reach a receiver; ids of clusters and endpoints cannot meet. */
const settingsKey = (receiver: Receiver): string =>
  "cluster" in receiver ? `cluster/${receiver.cluster}` : receiver.id;

/** Sends deliveries as sluice.yaml says. A receiver that cannot be addressed is an outcome, not an error. */
export const createDeliverySender = (
  config: Config,
  secrets: SecretSource,
  clock: Clock,
  callerIdentity?: CallerIdentity,
): Pick<DeliverDeps, "secretsOf"> & { readonly send: Send; close(): Promise<void> } => {
  const targetOf = createTargets(config, secrets);
  const markOf = createSecretMarks(config, secrets, clock);
  const transports = new Map<string, Transport>([
    ...config.clusters.map(({ name, receiver = NO_TRANSPORT }) => [`cluster/${name}`, receiver] as const),
    ...config.endpoints.map((endpoint) => [`endpoint/${endpoint.name}`, endpoint] as const),
  ]);
  const fetches = new Map(
    [...transports].map(
      ([key, transport]) => [key, createReceiverFetch(transport, config, secrets)] as const,
    ),
  );
  const markTarget = async (receiver: Receiver, target: DeliveryTarget): Promise<string | undefined> => {
    const { ca, certificate, key } = await readTls(
      transports.get(settingsKey(receiver)) ?? NO_TRANSPORT,
      secrets,
    );
    return markOf(target, [ca, certificate, key?.reveal()]);
  };
  const senders = new Map<string, Sender>();
  for (const [key, { fetch }] of fetches) {
    senders.set(
      key,
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
    async send({ receiver, body, timeMs, mayLeave }, signal) {
      const sender = senders.get(settingsKey(receiver));
      if (sender === undefined) return unshown("misconfigured");
      try {
        const target = await targetOf(receiver);
        // Before the request: a secret that is replaced meanwhile is another one.
        const mark = (await unlessUnavailable(() => markTarget(receiver, target))) ?? UNUSABLE;
        const { id, type, bytes } = body;
        const cluster = "cluster" in receiver ? { cluster: receiver.cluster } : {};
        const request = {
          id,
          type,
          timeMs,
          ...cluster,
          receiver: receiver.id,
          target,
          body: bytes,
          mayLeave,
        };
        return { ...(await sender(request, signal)), secrets: mark };
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        return unshown(error.code === "SECRET_UNAVAILABLE" ? "identity-unavailable" : "misconfigured");
      }
    },
    secretsOf: (receiver) => unlessUnavailable(async () => markTarget(receiver, await targetOf(receiver))),
    async close() {
      await Promise.all([...fetches.values()].map((one) => one.close()));
    },
  };
};
