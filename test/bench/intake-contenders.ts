import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadRequest, LoadResult } from "./child/load.ts";
import { type Cores, type RunningServer, runToJson, startServer } from "./processes.ts";
import { median } from "./row.ts";
import type { World } from "./world.ts";

const LOAD = fileURLToPath(new URL("./child/load.ts", import.meta.url));
const FLOOR = fileURLToPath(new URL("./child/floor-server.ts", import.meta.url));

export const CONNECTIONS = 64;
/** As long as an event of Distribution, so that a batch on disk weighs what it weighs at the intake. */
const EVENT_BYTES = 900;

/** One round of load on one server, and the processor time that the server took for it. */
export interface Round {
  readonly load: LoadResult;
  readonly serverCpuMs: number;
}

/** A server that takes events, and how it fared. */
export interface Contender {
  readonly server: RunningServer;
  readonly rounds: Round[];
}

export interface Contenders {
  readonly sluice: Contender;
  /** Reads, appends, syncs, answers; see child/floor-server.ts. */
  readonly append: Contender;
  /** Our own intake with a queue that keeps nothing. */
  readonly forget: Contender;
}

export const startContenders = async (world: World, cores: Cores | undefined): Promise<Contenders> => {
  const start = async (server: Promise<RunningServer>): Promise<Contender> => ({
    server: await server,
    rounds: [],
  });
  const startFloor = (kind: string): Promise<Contender> => {
    const args = [FLOOR, kind, join(world.folder, "floor")];
    const env = { BENCH_AUTHORIZATION: world.authorization };
    return start(startServer({ args, cores: cores?.measured, env }, join(world.folder, `${kind}.log`)));
  };
  return {
    sluice: await start(world.startSluice(cores?.measured)),
    append: await startFloor("append"),
    forget: await startFloor("forget"),
  };
};

export const stopContenders = async ({ sluice, append, forget }: Contenders): Promise<void> => {
  await Promise.all([sluice, append, forget].map(({ server }) => server.stop()));
};

export type RoundSettings = Pick<LoadRequest, "authorization" | "durationMs" | "offered" | "run">;

/** Puts load on one server from a process of its own. */
export const runRound = async (
  { server }: Contender,
  settings: RoundSettings,
  cores: Cores | undefined,
): Promise<Round> => {
  const request: LoadRequest = {
    address: server.address,
    host: "registry.example.com:5000",
    repository: "acme/unfollowed",
    connections: CONNECTIONS,
    ...settings,
  };
  const before = server.cpuMs();
  const load = (await runToJson({
    args: [LOAD, JSON.stringify(request)],
    cores: cores?.others,
  })) as LoadResult;
  return { load, serverCpuMs: server.cpuMs() - before };
};

/** What the disk alone needs for a batch as large as the connections allow, without any server. */
export const measureSyncMs = (path: string, count: number): number => {
  const file = openSync(path, "a");
  const batch = Buffer.alloc(CONNECTIONS * EVENT_BYTES, "a");
  const times = Array.from({ length: count }, () => {
    const startMs = performance.now();
    writeSync(file, batch);
    fdatasyncSync(file);
    return performance.now() - startMs;
  });
  closeSync(file);
  return median(times);
};
