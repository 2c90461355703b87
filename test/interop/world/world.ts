import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, type ServerSpec, startServer } from "./process.ts";

/** Everything that one test file starts: a folder of its own, and an end for each thing in it. */
export interface World {
  readonly folder: string;
  /** Starts a server; its log lies in `<folder>/logs`. */
  start(spec: ServerSpec): Promise<RunningServer>;
  /** Runs at the end, last one first. */
  atEnd(cleanup: () => Promise<void> | void): void;
  /** Ends every server and removes the folder. Never throws half-way: each end is tried. */
  close(): Promise<void>;
}

export const createWorld = async (): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), "world-"));
  await mkdir(join(folder, "logs"));
  const cleanups: (() => Promise<void> | void)[] = [];
  let started = 0;
  return {
    folder,
    async start(spec) {
      started += 1;
      const server = await startServer(spec, join(folder, "logs", `${started}-${spec.name}.log`));
      cleanups.push(() => server.stop());
      return server;
    },
    atEnd: (cleanup) => {
      cleanups.push(cleanup);
    },
    async close() {
      const outcomes: PromiseSettledResult<void>[] = [];
      for (const cleanup of cleanups.splice(0).reverse()) {
        outcomes.push(...(await Promise.allSettled([Promise.resolve().then(cleanup)])));
      }
      if (process.env.SLUICE_INTEROP_KEEP === undefined) await rm(folder, { recursive: true, force: true });
      const failed = outcomes.filter(({ status }) => status === "rejected");
      if (failed.length > 0) throw new AggregateError(failed, "the world did not end cleanly");
    },
  };
};

const listen = async () => {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, close: () => new Promise<void>((done) => server.close(() => done())) };
};

/** `count` different ports that were free a moment ago. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const held = await Promise.all(Array.from({ length: count }, listen));
  await Promise.all(held.map(({ close }) => close()));
  return held.map(({ port }) => port);
};

export const freePort = async (): Promise<number> => {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no port");
  return port;
};
