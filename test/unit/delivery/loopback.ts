import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Secret } from "../../../shared/artifact/secret.ts";
import { hookPath } from "../../../shared/delivery/hook-path.ts";
import { createSender, type DeliveryRequest, type SenderDeps } from "../../../shared/delivery/send.ts";
import type { DeliveryTarget, FluxAuthentication } from "../../../shared/delivery/target.ts";

const servers: Server[] = [];

/** For `afterEach`. */
export const closeServers = (): void => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
};

export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Respond = (seen: Seen, response: ServerResponse) => void;

/** A plain HTTP server on loopback and what it was asked. */
export const listen = async (respond: Respond) => {
  const requests: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const seen = { method: request.method, url: request.url, headers: request.headers, body };
    requests.push(seen);
    respond(seen, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { baseUrl: `http://127.0.0.1:${address.port}`, requests, close };
};

export const startDeadline: SenderDeps["startDeadline"] = (timeoutMs) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
};

export const sender = (deps: Partial<SenderDeps> = {}) => {
  let nowMs = 1_795_356_300_000;
  const tick = (): number => {
    nowMs += 7;
    return nowMs;
  };
  return createSender({ post: (url, init) => fetch(url, init), nowMs: tick, startDeadline, ...deps });
};

export const BODY = '{"objects":["OCIRepository/apps/podinfo"]}';

export const to = (target: DeliveryTarget): DeliveryRequest => ({
  id: "dlv_1",
  type: "sluice.selection.changed",
  timeMs: 1_795_356_300_000,
  cluster: "prod",
  receiver: "prod/flux-system/sluice",
  target,
  body: new TextEncoder().encode(BODY),
});

export const flux = (
  baseUrl: string,
  authentication: FluxAuthentication,
  signingKeys: readonly Secret[] = [],
) => to({ kind: "flux", baseUrl, name: "sluice", namespace: "flux-system", authentication, signingKeys });

export const hmac = (token: string, previousToken?: string): FluxAuthentication => ({
  kind: "generic-hmac",
  algorithm: "sha256",
  token: new Secret(token),
  ...(previousToken === undefined ? {} : { previousToken: new Secret(previousToken) }),
});

export const pathOf = (token?: string): string =>
  hookPath(token === undefined ? undefined : new Secret(token), "sluice", "flux-system").reveal();

export const hmacOf = (token: string): string =>
  `sha256=${createHmac("sha256", token).update(BODY).digest("hex")}`;

/** Answers as a Receiver of type generic-hmac: 404 at any other path, 400 for another key, 200 without body. */
export const receiver =
  (pathToken: string, keyToken = pathToken, accepted = 200): Respond =>
  ({ url, headers }, response) => {
    if (url !== pathOf(pathToken)) response.writeHead(404);
    else response.writeHead(headers["x-signature"] === hmacOf(keyToken) ? accepted : 400);
    response.end();
  };

export const never = new AbortController().signal;
