import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";

const servers: Server[] = [];

/** For `afterEach`. */
export const closeServers = async (): Promise<void> => {
  const closing = servers.splice(0).map(
    (server) =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  await Promise.all(closing);
};

export interface Listening {
  readonly port: number;
  connections(): number;
  requests(): number;
}

/** An HTTP(S) server on 127.0.0.1 that counts who came. */
export const listen = async (
  respond: RequestListener = (_request, response) => response.end("inside"),
  tls?: ServerOptions,
): Promise<Listening> => {
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  const counts = { connections: 0, requests: 0 };
  server.on("connection", () => {
    counts.connections += 1;
  });
  server.on("request", (request, response) => {
    counts.requests += 1;
    respond(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    connections: () => counts.connections,
    requests: () => counts.requests,
  };
};
