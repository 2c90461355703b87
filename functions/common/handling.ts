import { createHash } from "node:crypto";
import type { Config } from "../../shared/config/config.ts";
import type { DeliverDeps, ReceiverHandling } from "../../shared/pipeline/deps.ts";
import type { Receiver } from "../../shared/receiver.ts";

const plain = (_key: string, value: unknown): unknown => {
  if (value instanceof Map) return [...value.entries()];
  return typeof value === "object" && value !== null && "text" in value ? value.text : value;
};

/** Where secrets are, not what they are: a secret that changes in its place is read anew at each use. */
const toConfiguration = (...parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts, plain)).digest("hex").slice(0, 16);

const toHandling = ({ clusters, endpoints }: Config, receiver: Receiver): ReceiverHandling => {
  if (!("cluster" in receiver)) {
    const endpoint = endpoints.find(({ name }) => name === receiver.name);
    return {
      configuration: toConfiguration(endpoint ?? null),
      concurrency: endpoint?.concurrency ?? 1,
      intervalMs: endpoint?.intervalMs ?? 0,
    };
  }
  const cluster = clusters.find(({ name }) => name === receiver.cluster);
  const { receiver: settings, confirmation } = cluster ?? {};
  return {
    configuration: toConfiguration(receiver.type, settings ?? null),
    concurrency: settings?.concurrency ?? 1,
    intervalMs: settings?.intervalMs ?? 0,
    ...(confirmation === undefined ? {} : { confirmation }),
  };
};

/** How each receiver is treated, by what sluice.yaml says of its cluster or endpoint. */
export const createHandling = (config: Config): DeliverDeps["handlingOf"] => {
  const known = new Map<string, ReceiverHandling>();
  return (receiver) => {
    // The type comes from the manifests, which change while we run.
    const key = `${receiver.id} ${receiver.type}`;
    const handling = known.get(key) ?? toHandling(config, receiver);
    known.set(key, handling);
    return handling;
  };
};
