import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerBinary } from "../install/cache.ts";
import { answers, type RunningServer } from "./process.ts";
import { freePort, type World } from "./world.ts";

export interface Registry {
  /** `127.0.0.1:<port>`, as it stands in references. */
  readonly host: string;
  readonly kind: "distribution-2" | "distribution-3" | "referrers";
  readonly server: RunningServer;
}

export interface Notifications {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DistributionOptions {
  /** Debian's 2.8, or 3.1. Neither has the referrers API. */
  readonly version: 2 | 3;
  readonly notifications?: Notifications;
}

const distributionConfig = (port: number, storage: string, notifications?: Notifications): string =>
  JSON.stringify({
    version: 0.1,
    log: { level: "info" },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(notifications && {
      notifications: {
        events: { includereferences: true },
        endpoints: [
          {
            name: "sluice",
            url: notifications.url,
            headers: Object.fromEntries(
              Object.entries(notifications.headers ?? {}).map(([name, value]) => [name, [value]]),
            ),
            timeout: "2s",
            threshold: 5,
            backoff: "1s",
            ignoredmediatypes: ["application/octet-stream"],
          },
        ],
      },
    }),
  });

/** A CNCF Distribution registry over a folder of its own; plain HTTP, deletes allowed. */
export const startDistribution = async (world: World, options: DistributionOptions): Promise<Registry> => {
  const port = await freePort();
  const kind = options.version === 2 ? "distribution-2" : "distribution-3";
  const folder = join(world.folder, `${kind}-${port}`);
  await mkdir(folder);
  const configFile = join(folder, "config.yml");
  await writeFile(configFile, distributionConfig(port, join(folder, "data"), options.notifications));
  const server = await world.start({
    name: kind,
    file: options.version === 2 ? peerBinary(kind, "docker-registry") : peerBinary(kind, "registry"),
    args: ["serve", configFile],
    env: { OTEL_TRACES_EXPORTER: "none" },
    isReady: answers(`http://127.0.0.1:${port}/v2/`),
  });
  return { host: `127.0.0.1:${port}`, kind, server };
};

/** A registry with the OCI 1.1 referrers API; in memory, no notifications. */
export const startReferrersRegistry = async (world: World): Promise<Registry> => {
  const port = await freePort();
  const server = await world.start({
    name: "referrers-registry",
    file: peerBinary("referrers-registry"),
    args: [`127.0.0.1:${port}`],
    isReady: answers(`http://127.0.0.1:${port}/v2/`),
  });
  return { host: `127.0.0.1:${port}`, kind: "referrers", server };
};
