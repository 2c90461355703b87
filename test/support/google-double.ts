import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface GoogleRequestSeen {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface GoogleReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A loopback stand-in for Google's REST endpoints and the metadata server: answers as the test says, and keeps what came. */
export interface GoogleDouble {
  readonly host: string;
  readonly url: string;
  readonly seen: readonly GoogleRequestSeen[];
  close(): Promise<void>;
}

export const startGoogleDouble = async (
  reply: (request: GoogleRequestSeen) => GoogleReply | Promise<GoogleReply>,
): Promise<GoogleDouble> => {
  const seen: GoogleRequestSeen[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const { method = "", url: target = "", headers } = message;
    const request = { method, target, headers, body: Buffer.concat(chunks).toString("utf8") };
    seen.push(request);
    const { status = 200, headers: extra = {}, body = "" } = await reply(request);
    response.writeHead(status, { "content-type": "application/json", ...extra }).end(body);
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
