import { createServer } from "node:http";
import type { World } from "../../world/world.ts";

const HEADER = "identity-header-of-the-stage";
const TENANT = "ab1f708d-50f6-404c-a006-d71b2ac7a606";
const LIFE_S = 3_600;

export interface Entra {
  /** What the platform sets for a function. */
  readonly env: Readonly<Record<string, string>>;
  /** A token that the identity would get; for the suite's own calls. */
  mint(resource: string): string;
  /** The resource a token is for, where this identity minted it. */
  resourceOf(authorization: string | undefined): string | undefined;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The endpoint that gives a function tokens for its managed identity, and what those tokens are worth on this stage. */
export const startEntra = async (world: World): Promise<Entra> => {
  const minted = new Map<string, string>();
  const mint = (resource: string): string => {
    const nowS = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: `https://sts.windows.net/${TENANT}/`,
      aud: resource,
      iat: nowS,
      nbf: nowS,
      exp: nowS + LIFE_S,
      oid: "11059fcc-5514-4800-b5f8-49808b9cfab6",
    };
    const token = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}.c3RhZ2U`;
    minted.set(token, resource);
    return token;
  };
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    if (request.headers["x-identity-header"] !== HEADER || searchParams.get("client_id") !== "client-1") {
      response.writeHead(400).end();
      return;
    }
    const resource = searchParams.get("resource") ?? "";
    const expiresOn = String(Math.floor(Date.now() / 1_000) + LIFE_S);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ access_token: mint(resource), expires_on: expiresOn, resource }));
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    env: {
      IDENTITY_ENDPOINT: `http://127.0.0.1:${address.port}/msi/token`,
      IDENTITY_HEADER: HEADER,
      AZURE_CLIENT_ID: "client-1",
    },
    mint,
    resourceOf: (authorization = "") => minted.get(authorization.replace(/^Bearer /, "")),
  };
};
