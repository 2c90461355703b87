import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ServiceRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ServiceReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /**
   * `silence`: nothing is answered at all. The body only begins like that, and `endless`: never ends; `stall`: nothing
   * comes after it; `cut`: the connection is lost.
   */
  readonly ending?: "silence" | "endless" | "stall" | "cut";
}

/** A loopback stand-in for a cloud's services: answers as the test says, and keeps what came. */
export interface ServiceDouble {
  readonly host: string;
  readonly url: string;
  readonly seen: readonly ServiceRequest[];
  close(): Promise<void>;
}

const PADDING = " ".repeat(65_536);

const goOn = (response: ServerResponse): void => {
  if (response.destroyed) return;
  // By turns of the loop: who reads in this same process must get one, too.
  if (response.write(PADDING)) setImmediate(() => goOn(response));
  else response.once("drain", () => goOn(response));
};

export const startServiceDouble = async (
  reply: (request: ServiceRequest) => ServiceReply | Promise<ServiceReply>,
): Promise<ServiceDouble> => {
  const seen: ServiceRequest[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const { method = "", url: target = "", headers } = message;
    const request = { method, target, headers, body: Buffer.concat(chunks).toString("utf8") };
    seen.push(request);
    const { status = 200, headers: extra = {}, body = "", ending } = await reply(request);
    if (ending === "silence") return;
    // What is cut off had announced more.
    const bytes = Buffer.byteLength(body) + (ending === "cut" ? 1 : 0);
    const length = ending === undefined || ending === "cut" ? { "content-length": String(bytes) } : {};
    response.writeHead(status, { "content-type": "application/json", ...extra, ...length });
    if (ending === undefined) return response.end(body);
    const afterwards = {
      endless: () => goOn(response),
      stall: () => {},
      cut: () => response.destroy(),
    };
    response.write(body, afterwards[ending]);
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
};
