import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import type { Leaf } from "../../unit/adapters/certificates.ts";

/** One call of Azure's storage clients, as it came over the wire. */
export interface AzureCall {
  readonly method: string;
  /** Without host and account, decoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const LIFE_S = 3_600;
/** As an emulator has accounts: at another path the tables' client takes this machine for a Cosmos DB. */
const ACCOUNT = "/devstoreaccount1";

const readAll = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** Each operation of a transaction took effect. */
const toBatchReply = (body: string): Reply => {
  const operations = body.match(/^(?:POST|PUT|PATCH|DELETE) \S+ HTTP\/1\.1/gm) ?? [];
  const parts = operations.map((_one, index) =>
    [
      "--changesetresponse_c",
      "Content-Type: application/http",
      "Content-Transfer-Encoding: binary",
      "",
      "HTTP/1.1 204 No Content",
      `Content-ID: ${index}`,
      "DataServiceVersion: 3.0;",
      "ETag: W/\"datetime'2026-11-20T08%3A00%3A01.0000000Z'\"",
      "",
      "",
    ].join("\r\n"),
  );
  const head = "--batchresponse_b\r\nContent-Type: multipart/mixed; boundary=changesetresponse_c\r\n\r\n";
  return {
    status: 202,
    type: "multipart/mixed; boundary=batchresponse_b",
    body: `${head}${parts.join("")}--changesetresponse_c--\r\n--batchresponse_b--\r\n`,
  };
};

const SENT = `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage><MessageId>5974b586-0df3-4e2d-ad0c-18e3892bfca2</MessageId><InsertionTime>Fri, 20 Nov 2026 08:00:01 GMT</InsertionTime><ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime><PopReceipt>YzQ4Yzg1MDI=</PopReceipt><TimeNextVisible>Fri, 20 Nov 2026 08:00:01 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>`;

/** Empty tables, and queues that take everything. */
const answerEmpty = ({ method, path, body }: AzureCall): Reply => {
  const type = "application/json;odata=minimalmetadata";
  if (path.endsWith("/$batch")) return toBatchReply(body);
  if (path.endsWith("/messages")) return { status: 201, type: "application/xml", body: SENT };
  if (method === "GET" && path.endsWith("()")) return { status: 200, type, body: '{"value":[]}' };
  const missing = { "odata.error": { code: "ResourceNotFound", message: { value: "no such entity" } } };
  return { status: 404, type, body: JSON.stringify(missing) };
};

const giveToken = (_request: IncomingMessage, response: ServerResponse): void => {
  const expires_on = String(Math.floor(Date.now() / 1_000) + LIFE_S);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ access_token: "e30.e30.c2ln", expires_on }));
};

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
};

/** Storage over TLS and the platform's identity endpoint on loopback: what is measured is who calls. Keeps what was asked. */
export const startAzureServices = async ({ certificate, key }: Leaf) => {
  const calls: AzureCall[] = [];
  const storage = createHttpsServer({ cert: certificate, key }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://localhost");
    const call: AzureCall = {
      method: request.method ?? "",
      path: decodeURIComponent(pathname).replace(ACCOUNT, ""),
      query: Object.fromEntries(searchParams),
      body: await readAll(request),
    };
    calls.push(call);
    const { status, type, body } = answerEmpty(call);
    response.writeHead(status, { "content-type": type }).end(body);
  });
  const identity = createHttpServer(giveToken);
  const [storagePort, identityPort] = [await listen(storage), await listen(identity)];
  return {
    calls,
    storageUrl: `https://localhost:${storagePort}${ACCOUNT}`,
    identityUrl: `http://127.0.0.1:${identityPort}/msi/token`,
    async close() {
      for (const server of [storage, identity]) {
        server.closeAllConnections();
        await new Promise<void>((done) => server.close(() => done()));
      }
    },
  };
};
