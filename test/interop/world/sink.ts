import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "./world.ts";

export interface SunkRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Takes every request and keeps it. */
export interface Sink {
  readonly url: string;
  readonly requests: readonly SunkRequest[];
  /** Waits until no request has come for a while. */
  quiet(): Promise<void>;
  /** Takes no more, before the world's end. */
  close(): Promise<void>;
}

const QUIET_MS = 600;
const POLL_MS = 50;

export const startSink = async (world: World, port = 0): Promise<Sink> => {
  const requests: SunkRequest[] = [];
  let lastMs = Date.now();
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
    );
    const { method = "", url: target = "" } = message;
    requests.push({ method, target, headers, body: Buffer.concat(chunks) });
    lastMs = Date.now();
    response.writeHead(202).end();
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(port, "127.0.0.1", done));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  };
  world.atEnd(close);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the sink has no port");
  return {
    url: `http://127.0.0.1:${address.port}/events`,
    requests,
    close,
    async quiet() {
      lastMs = Date.now();
      while (Date.now() - lastMs < QUIET_MS) await sleep(POLL_MS);
    },
  };
};
