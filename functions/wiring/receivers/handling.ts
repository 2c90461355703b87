import { createHash } from "node:crypto";
import type { ClusterSettings, Config } from "../../../shared/config/config.ts";
import type { EndpointSettings } from "../../../shared/config/delivery-settings.ts";
import type { DeliverDeps, ReceiverHandling } from "../../../shared/pipeline/deps.ts";
import type { FluxReceiver, Receiver } from "../../../shared/receiver.ts";

const plain = (_key: string, value: unknown): unknown => {
  if (value instanceof Map) return [...value.entries()];
  return typeof value === "object" && value !== null && "text" in value ? value.text : value;
};

/** Where secrets are, not what they are: a secret that changes in its place is read anew at each use. */
const toConfiguration = (...parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts, plain)).digest("hex").slice(0, 16);

const ofEndpoint = (endpoint: EndpointSettings | undefined): ReceiverHandling => ({
  configuration: toConfiguration(endpoint ?? null),
  concurrency: endpoint?.concurrency ?? 1,
  intervalMs: endpoint?.intervalMs ?? 0,
});

const ofFlux = (cluster: ClusterSettings | undefined, { type }: FluxReceiver): ReceiverHandling => {
  const { receiver: settings, confirmation, inputs } = cluster ?? {};
  return {
    configuration: toConfiguration(type, settings ?? null),
    concurrency: settings?.concurrency ?? 1,
    intervalMs: settings?.intervalMs ?? 0,
    ...(inputs === undefined ? {} : { providers: inputs.providers }),
    ...(confirmation === undefined ? {} : { confirmation }),
  };
};

/** How each receiver is treated, by what sluice.yaml says of its cluster or endpoint. */
export const createHandling = ({ clusters, endpoints }: Config): DeliverDeps["handlingOf"] => {
  const clustersByName = new Map(clusters.map((one) => [one.name, one]));
  const endpointsByName = new Map(endpoints.map((one) => [one.name, one]));
  const toHandling = (receiver: Receiver): ReceiverHandling =>
    "cluster" in receiver
      ? ofFlux(clustersByName.get(receiver.cluster), receiver)
      : ofEndpoint(endpointsByName.get(receiver.name));
  const known = new Map<string, ReceiverHandling>();
  return (receiver) => {
    // The type comes from the manifests, which change while we run.
    const key = `${receiver.id} ${receiver.type}`;
    const handling = known.get(key) ?? toHandling(receiver);
    known.set(key, handling);
    return handling;
  };
};
