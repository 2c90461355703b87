import { createConnection, type Socket } from "node:net";
import { EVENT_PATH, EVENT_TYPE, toEnvelope } from "../event.ts";
import { quantile } from "../row.ts";

/*
 * Puts load on an intake and prints what it saw as JSON. A process of its own, so that it can be kept off the
 * measured core; plain sockets and prepared bytes, so that its own part of the latency is small.
 */

export interface LoadRequest {
  readonly address: string;
  readonly authorization: string;
  readonly host: string;
  readonly repository: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Events per second that arrive whatever the server does; absent: each connection sends as soon as it may. */
  readonly offered?: number;
  /** Makes the events of each run new ones. */
  readonly run: string;
}

export interface LoadResult {
  readonly events: number;
  readonly durationMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  readonly cpuMs: number;
}

/** A late tick counts as latency, so the figure is up to this much too high. */
const TICK_MS = 1;
const COUNTER_DIGITS = 16;
const COUNTER = "#".repeat(COUNTER_DIGITS);
const HEAD_END = Buffer.from("\r\n\r\n");
const ACCEPTED = Buffer.from("HTTP/1.1 202 ");
const EMPTY_BODY = /\r\ncontent-length: 0\r\n/i;

/** The bytes of one request; only the counters in it change. */
const createTemplate = ({ authorization, host, repository, run }: LoadRequest): (() => Buffer) => {
  const digest = `sha256:${run.padEnd(48, "0")}${COUNTER}`;
  const body = toEnvelope({ id: `${run}-${COUNTER}`, host, repository, tag: `1.0.${COUNTER}`, digest });
  const head = [
    `POST ${EVENT_PATH} HTTP/1.1`,
    `Host: ${host}`,
    "User-Agent: Go-http-client/1.1",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Authorization: ${authorization}`,
    `Content-Type: ${EVENT_TYPE}`,
    "Accept-Encoding: gzip",
  ].join("\r\n");
  const template = Buffer.from(`${head}\r\n\r\n${body}`);
  const places: number[] = [];
  for (let at = template.indexOf(COUNTER); at !== -1; at = template.indexOf(COUNTER, at + 1)) places.push(at);
  let counter = 0;
  return () => {
    counter += 1;
    const digits = String(counter).padStart(COUNTER_DIGITS, "1");
    for (const at of places) template.write(digits, at, "latin1");
    // Copied: a socket under pressure keeps what it was given.
    return Buffer.from(template);
  };
};

interface Connection {
  /** Undefined while idle. */
  dueMs: number | undefined;
  readonly socket: Socket;
}

const connect = (address: string): Promise<Socket> => {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: hostname, port: Number(port), noDelay: true }, () =>
      resolve(socket),
    );
    socket.once("error", reject);
  });
};

/** Calls `answered` for each whole answer; anything but an empty 202 ends the run. */
const readAnswers = (socket: Socket, answered: () => void, failed: (reason: Error) => void): void => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(HEAD_END); end !== -1; end = rest.indexOf(HEAD_END)) {
      const head = rest.subarray(0, end + 2);
      if (head.indexOf(ACCEPTED) !== 0 || !EMPTY_BODY.test(head.toString("latin1"))) {
        failed(new Error(`answered ${rest.toString("latin1")}`));
        return;
      }
      rest = rest.subarray(end + HEAD_END.length);
      answered();
    }
  });
  socket.on("close", () => failed(new Error("the server closed a connection")));
};

const run = async (request: LoadRequest): Promise<LoadResult> => {
  const { address, connections, durationMs, offered } = request;
  const nextBytes = createTemplate(request);
  const latencies: number[] = [];
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect(address)));
  const all: Connection[] = sockets.map((socket) => ({ socket, dueMs: undefined }));
  const idle: Connection[] = [];
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  const intervalMs = offered === undefined ? 0 : 1_000 / offered;
  let scheduled = 0;
  let busy = 0;

  await new Promise<void>((resolve, reject) => {
    const send = (connection: Connection, dueMs: number): void => {
      connection.dueMs = dueMs;
      busy += 1;
      connection.socket.write(nextBytes());
    };
    /** What is due and has a connection to go out on. Its time counts from when it was due, not from when it left. */
    const dispatch = (): void => {
      const nowMs = performance.now();
      while (idle.length > 0) {
        const dueMs = offered === undefined ? nowMs : startMs + scheduled * intervalMs;
        if (nowMs >= endMs || dueMs > nowMs || dueMs >= endMs) break;
        const connection = idle.pop();
        if (connection === undefined) break;
        scheduled += 1;
        send(connection, dueMs);
      }
      if (busy === 0 && nowMs >= endMs) resolve();
      else if (offered !== undefined && nowMs < endMs) setTimeout(dispatch, TICK_MS);
    };
    for (const connection of all) {
      const answered = (): void => {
        latencies.push(performance.now() - (connection.dueMs ?? Number.NaN));
        connection.dueMs = undefined;
        busy -= 1;
        idle.push(connection);
        if (offered === undefined || performance.now() >= endMs) dispatch();
      };
      readAnswers(connection.socket, answered, reject);
      idle.push(connection);
    }
    dispatch();
  });
  const { user, system } = process.cpuUsage(startCpu);
  const tookMs = performance.now() - startMs;
  for (const { socket } of all) {
    socket.removeAllListeners("close");
    socket.destroy();
  }
  return {
    events: latencies.length,
    durationMs: tookMs,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    worstMs: latencies.reduce((worst, each) => Math.max(worst, each), 0),
    cpuMs: (user + system) / 1_000,
  };
};

const [argument = "{}"] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await run(JSON.parse(argument) as LoadRequest)));
