import { createHash } from "node:crypto";
import type { ClusterSettings, Config } from "../../shared/config/config.ts";
import type { DeliverDeps, ReceiverHandling } from "../../shared/pipeline/deps.ts";
import type { FluxReceiver } from "../../shared/receiver.ts";

/** Where secrets are, not what they are: a secret that changes in its place is read anew at each use. */
const toConfiguration = (...parts: readonly unknown[]): string =>
  createHash("sha256")
    .update(
      JSON.stringify(parts, (_key, value: unknown) => (value instanceof Map ? [...value.entries()] : value)),
    )
    .digest("hex")
    .slice(0, 16);

const ofCluster = (cluster: ClusterSettings | undefined, { type }: FluxReceiver): ReceiverHandling => ({
  configuration: toConfiguration(type, cluster?.receiver ?? null),
  concurrency: 1,
  intervalMs: 0,
});

/** How each receiver is treated, by what sluice.yaml says of its cluster. */
export const createHandling = (config: Config): DeliverDeps["handlingOf"] => {
  const clusters = new Map(config.clusters.map((cluster) => [cluster.name, cluster]));
  const known = new Map<string, ReceiverHandling>();
  return (receiver) => {
    const key = `${receiver.id} ${receiver.type}`;
    let handling = known.get(key);
    if (handling === undefined) {
      handling =
        "cluster" in receiver
          ? ofCluster(clusters.get(receiver.cluster), receiver)
          : { configuration: "", concurrency: 1, intervalMs: 0 };
      known.set(key, handling);
    }
    return handling;
  };
};
