import { randomUUID } from "node:crypto";
import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { World } from "../../world/world.ts";
import type { Entra } from "./entra.ts";

export const REGISTRY = "acme.azurecr.io";
export const VAULT = "acme.vault.azure.net";
export const TOPIC = "acme.eventgrid.azure.net";

const HTTPS_PORT = 443;

export interface Front {
  /** What the decision bus was told. */
  readonly published: readonly Readonly<Record<string, unknown>>[];
  /** From now on registry reads wait; the promise says when the first one does. */
  holdRegistry(): Promise<void>;
  releaseRegistry(): void;
}

export interface FrontSettings {
  readonly certificate: string;
  readonly key: string;
  /** `host:port` of the real registry behind. */
  readonly registry: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly entra: Entra;
}

const readText = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

const sendJson = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
};

/** Azure's registry login in front of a registry that has none: exchange, then a token for each scope. */
const createRegistryFront = ({ entra, registry }: FrontSettings) => {
  const refreshTokens = new Set<string>();
  const accessTokens = new Set<string>();
  let held: { seen(): void; readonly released: Promise<void>; release(): void } | undefined;

  const exchange = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await readText(request));
    const resource = entra.resourceOf(form.get("access_token") ?? "");
    if (resource !== "https://containerregistry.azure.net" || form.get("service") !== REGISTRY) {
      return sendJson(response, 401, { errors: [] });
    }
    const claims = { exp: Math.floor(Date.now() / 1_000) + 3 * 3_600, jti: randomUUID() };
    const token = `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
    refreshTokens.add(token);
    sendJson(response, 200, { refresh_token: token });
  };

  const giveToken = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const basic = Buffer.from(
      (request.headers.authorization ?? "").replace(/^Basic /, ""),
      "base64",
    ).toString();
    const [user, password = ""] = basic.split(/:(.*)/s);
    if (user !== "00000000-0000-0000-0000-000000000000" || !refreshTokens.has(password)) {
      return sendJson(response, 401, { errors: [] });
    }
    const token = randomUUID();
    accessTokens.add(token);
    sendJson(response, 200, { access_token: token });
  };

  const readRegistry = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { authorization = "", host: _host, ...headers } = request.headers;
    if (!accessTokens.has(authorization.replace(/^Bearer /, ""))) {
      const [, repository = ""] =
        /^\/v2\/(.+?)\/(?:manifests|blobs|tags|referrers)\//.exec(request.url ?? "") ?? [];
      const challenge = `Bearer realm="https://${REGISTRY}/oauth2/token",service="${REGISTRY}",scope="repository:${repository}:pull"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return;
    }
    held?.seen();
    await held?.released;
    const [hostname, port] = registry.split(":");
    const behind = forward(
      { hostname, port, path: request.url, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    behind.on("error", () => response.writeHead(502).end());
    request.pipe(behind);
  };

  return {
    async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const path = (request.url ?? "/").split("?")[0];
      if (path === "/oauth2/exchange") return exchange(request, response);
      if (path === "/oauth2/token") return giveToken(request, response);
      return readRegistry(request, response);
    },
    hold(): Promise<void> {
      const seen = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      held = { seen: seen.resolve, released: released.promise, release: released.resolve };
      return seen.promise;
    },
    release(): void {
      held?.release();
      held = undefined;
    },
  };
};

/** Azure's own services that a stage calls, by name over TLS: registry login, Key Vault, Event Grid. */
export const startFront = async (world: World, settings: FrontSettings): Promise<Front> => {
  const { entra, secrets, certificate, key } = settings;
  const published: Readonly<Record<string, unknown>>[] = [];
  const registry = createRegistryFront(settings);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { host = "", authorization } = request.headers;
    const resource = entra.resourceOf(authorization);
    if (host === REGISTRY) return registry.serve(request, response);
    if (host === VAULT && resource === "https://vault.azure.net") {
      const value = secrets[(request.url ?? "").split(/[/?]/)[2] ?? ""];
      return sendJson(response, value === undefined ? 404 : 200, { value });
    }
    if (host === TOPIC && resource === "https://eventgrid.azure.net") {
      published.push(...(JSON.parse(await readText(request)) as Readonly<Record<string, unknown>>[]));
      return sendJson(response, 200, {});
    }
    sendJson(response, 401, {});
  };
  const server = createServer({ cert: certificate, key }, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(HTTPS_PORT, "127.0.0.1", done));
  world.atEnd(async () => {
    registry.release();
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  return { published, holdRegistry: registry.hold, releaseRegistry: registry.release };
};
