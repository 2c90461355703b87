import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Leaf } from "../../unit/adapters/certificates.ts";
import type { World } from "./world.ts";

/** One request to a service, and what it answered. */
export interface MeteredCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly answer: string;
}

export interface Meter {
  /** `127.0.0.1:<port>`; over TLS `localhost:<port>`. */
  readonly host: string;
  /** Emptied by whoever begins to count. */
  readonly calls: MeteredCall[];
}

/** A server in front of a service at `target` that passes everything on and keeps it: what is asked is what is paid for. */
export const startMeter = async (world: World, target: string, tls?: Leaf): Promise<Meter> => {
  const calls: MeteredCall[] = [];
  const ask = target.startsWith("https:") ? httpsRequest : httpRequest;
  const forward = (url: string, method: string, headers: IncomingMessage["headers"], body: Buffer) =>
    new Promise<{ readonly answer: IncomingMessage; readonly bytes: Buffer }>((done, fail) => {
      const outgoing = ask(new URL(url, target), { method, headers }, (answer) => {
        buffer(answer).then((bytes) => done({ answer, bytes }), fail);
      });
      outgoing.on("error", fail);
      outgoing.end(body);
    });
  const serve = async (
    ...[incoming, response]: Parameters<NonNullable<Parameters<typeof createHttpServer>[1]>>
  ) => {
    const { method = "GET", url = "/", headers } = incoming;
    const body = await buffer(incoming);
    const { answer, bytes } = await forward(url, method, headers, body);
    calls.push({ method, path: url, body: body.toString(), answer: bytes.toString() });
    const { "transfer-encoding": _chunked, ...kept } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, { ...kept, "content-length": bytes.length });
    response.end(bytes);
  };
  const listener = (...both: Parameters<typeof serve>): void => {
    serve(...both).catch(() => both[1].destroy());
  };
  const server =
    tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ cert: tls.certificate, key: tls.key }, listener);
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  const { port } = server.address() as AddressInfo;
  return { host: `${tls === undefined ? "127.0.0.1" : "localhost"}:${port}`, calls };
};

/** Of several counts of the same thing, what each has of it at least: what comes twice now and then is left out. */
export const leastOf = <K extends string>(
  counts: readonly Readonly<Record<K, number>>[],
): Readonly<Record<K, number>> => {
  const [first] = counts;
  if (first === undefined) throw new RangeError("nothing was counted");
  const keys = Object.keys(first) as K[];
  return Object.fromEntries(
    keys.map((key) => [key, Math.min(...counts.map((count) => count[key]))]),
  ) as Readonly<Record<K, number>>;
};
