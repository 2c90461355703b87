import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "../../../functions/local/server.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import { createIntake } from "../../../shared/pipeline/intake/intake.ts";
import { distribution } from "../../../shared/push/distribution.ts";
import { EVENT_PATH } from "../event.ts";

/*
 * What intake is compared with.
 *   append <file>   the least a durable intake can do: read the body, append it, one fdatasync for all that wait,
 *                   answer. Knows nothing of who sends and what the body says.
 *   forget          our own server and intake with a queue that keeps nothing.
 */

const say = (address: string): void => {
  process.stdout.write(`listening on ${address}\n`);
};

const readBody = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Appends everything that came in the same turn of the event loop with one write and one sync. */
const createAppender = (path: string) => {
  const file = openSync(path, "a");
  let waiting: { readonly bytes: Buffer; readonly done: () => void }[] = [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    writeSync(file, Buffer.concat(batch.map(({ bytes }) => bytes)));
    fdatasyncSync(file);
    for (const { done } of batch) done();
  };
  return {
    append: (bytes: Buffer): Promise<void> =>
      new Promise((done) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ bytes, done });
      }),
    close: () => closeSync(file),
  };
};

const serveAppend = (path: string): void => {
  const { append } = createAppender(path);
  const server = createHttpServer(async (message, response) => {
    await append(await readBody(message));
    response.writeHead(202, { "content-length": 0 }).end();
  });
  server.listen(0, "127.0.0.1", () => say(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
};

const serveForget = async (): Promise<void> => {
  const secrets = [new Secret((process.env.BENCH_AUTHORIZATION ?? "").replace(/^Bearer /, ""))];
  const intake = createIntake({
    clock: { nowMs: Date.now },
    random: { fraction: Math.random },
    queue: { send: async () => {} },
    log: (event, fields) => {
      process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
    },
    endpoints: [
      {
        name: "distribution",
        path: EVENT_PATH,
        source: distribution,
        options: async () => ({ secrets, nowMs: Date.now() }),
      },
    ],
  });
  const server = createServer({ maxBodyBytes: 8 * 1024 * 1024, intake, health: async () => ({}) });
  say(await server.listen({ host: "127.0.0.1", port: 0 }));
};

const [kind, path = ""] = process.argv.slice(2);
if (kind === "append") serveAppend(path);
else await serveForget();
process.once("SIGTERM", () => process.exit());
