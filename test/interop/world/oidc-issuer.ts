import { generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import type { World } from "./world.ts";

/** The claims of a GitHub Actions token, as far as Fulcio reads them. */
export interface WorkflowClaims {
  readonly repository: string;
  readonly ref: string;
  readonly workflowFile?: string;
  /** The reusable workflow that runs, when it lives elsewhere than `repository`. */
  readonly jobWorkflowRef?: string;
  readonly event?: string;
  readonly runner?: string;
}

export interface OidcIssuer {
  readonly url: string;
  /** An ID token for Fulcio; `overrides` replace or add claims (`undefined` removes one). */
  mintToken(claims: WorkflowClaims, overrides?: Readonly<Record<string, unknown>>): string;
  /** A token with exactly these claims beside `iss`, `iat`, `nbf` and `exp`. */
  mintRaw(claims: Readonly<Record<string, unknown>>): string;
}

const KEY_ID = "interop";
const LIFE_S = 600;
const SHA = "0123456789abcdef0123456789abcdef01234567";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const toGitHubClaims = (claims: WorkflowClaims): Readonly<Record<string, string>> => {
  const workflowFile = claims.workflowFile ?? ".github/workflows/release.yaml";
  const workflowRef = `${claims.repository}/${workflowFile}@${claims.ref}`;
  const [owner = ""] = claims.repository.split("/");
  return {
    aud: "sigstore",
    sub: `repo:${claims.repository}:ref:${claims.ref}`,
    job_workflow_ref: claims.jobWorkflowRef ?? workflowRef,
    workflow_ref: workflowRef,
    sha: SHA,
    job_workflow_sha: SHA,
    workflow_sha: SHA,
    event_name: claims.event ?? "push",
    repository: claims.repository,
    workflow: "release",
    ref: claims.ref,
    runner_environment: claims.runner ?? "github-hosted",
    repository_id: "1",
    repository_owner: owner,
    repository_owner_id: "2",
    repository_visibility: "public",
    run_id: "42",
    run_attempt: "1",
  };
};

/** An OpenID Connect issuer that vouches for whatever the test says. */
export const startOidcIssuer = async (world: World): Promise<OidcIssuer> => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: KEY_ID, alg: "RS256", use: "sig" };
  let url = "";
  const discovery = () => ({
    issuer: url,
    authorization_endpoint: `${url}/auth`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/keys`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  });
  const server = createServer((request, response) => {
    const pages: Readonly<Record<string, () => unknown>> = {
      "/.well-known/openid-configuration": discovery,
      "/keys": () => ({ keys: [jwk] }),
    };
    const page = pages[request.url ?? ""];
    response.writeHead(page === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(page === undefined ? "{}" : JSON.stringify(page()));
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the issuer has no port");
  url = `http://127.0.0.1:${address.port}`;

  const mintRaw: OidcIssuer["mintRaw"] = (claims) => {
    const nowS = Math.floor(Date.now() / 1_000);
    const all = { iss: url, iat: nowS - 5, nbf: nowS - 5, exp: nowS + LIFE_S, ...claims };
    const signed = `${encode({ alg: "RS256", kid: KEY_ID, typ: "JWT" })}.${encode(all)}`;
    return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
  };
  return {
    url,
    mintRaw,
    mintToken: (claims, overrides = {}) => mintRaw({ ...toGitHubClaims(claims), ...overrides }),
  };
};
