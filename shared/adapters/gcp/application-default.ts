import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import { readCapped } from "../remote/capped-body.ts";
import { type AccessTokenSource, cacheToken, type FreshToken } from "./cached-token.ts";
import { at, parseJson, textAt } from "./google-api.ts";

export interface ApplicationDefaultOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly nowMs: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Asked where the environment and the files hold nothing: on Google's own machines. */
  readonly otherwise: AccessTokenSource;
  readonly tokenUrl?: string;
}

const TOKEN_URL = "https://oauth2.googleapis.com/token";
const MAX_BYTES = 64 * 1024;
const HINT =
  "log in by `gcloud auth application-default login`, or set GOOGLE_OAUTH_ACCESS_TOKEN to what `gcloud auth print-access-token` prints";

const unavailable = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(`Google credentials: ${message}; ${HINT}`, { code: "SECRET_UNAVAILABLE", cause });

const pathOf = ({ env, home }: ApplicationDefaultOptions): string =>
  env.GOOGLE_APPLICATION_CREDENTIALS ??
  join(
    env.CLOUDSDK_CONFIG ??
      (env.APPDATA === undefined ? join(home, ".config/gcloud") : join(env.APPDATA, "gcloud")),
    "application_default_credentials.json",
  );

const readFileIfThere = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw unavailable(`${path} cannot be read`, cause);
  }
};

const refresh = async (
  { fetch, tokenUrl = TOKEN_URL }: ApplicationDefaultOptions,
  credentials: unknown,
  signal: AbortSignal,
): Promise<FreshToken> => {
  const form = new URLSearchParams({ grant_type: "refresh_token" });
  for (const name of ["client_id", "client_secret", "refresh_token"]) {
    form.set(name, textAt(credentials, name) ?? "");
  }
  let status: number;
  let body: unknown;
  try {
    const response = await fetch(tokenUrl, { method: "POST", body: form, redirect: "error", signal });
    status = response.status;
    body = parseJson(await readCapped(response, MAX_BYTES));
  } catch (cause) {
    throw unavailable(`${new URL(tokenUrl).host} cannot be reached`, cause);
  }
  const token = textAt(body, "access_token");
  const expiresInS = at(body, "expires_in");
  if (!token || typeof expiresInS !== "number") {
    throw unavailable(`the login is not accepted (${status} ${textAt(body, "error") ?? ""})`);
  }
  return { secret: new Secret(token), lifeMs: expiresInS * 1_000 };
};

/**
 * A person's own login, for commands: a token from the environment, what `gcloud auth application-default login` left
 * behind, or the machine's service account. Key files are refused: a key that lies about is what Sluice does without.
 */
export const createApplicationDefaultToken = (options: ApplicationDefaultOptions): AccessTokenSource => {
  const given = options.env.GOOGLE_OAUTH_ACCESS_TOKEN;
  if (given !== undefined && given !== "") {
    const secret = new Secret(given);
    return async () => secret;
  }
  const path = pathOf(options);
  let credentials: unknown;
  const refreshed = cacheToken(
    "Google credentials",
    (signal) => refresh(options, credentials, signal),
    options.nowMs,
  );
  return async (signal) => {
    if (credentials === undefined) {
      const bytes = await readFileIfThere(path);
      if (bytes === undefined) {
        return options.otherwise(signal).catch((cause: unknown) => {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw unavailable(`no login at ${path}; ${why}`, cause);
        });
      }
      credentials = parseJson(bytes) ?? {};
    }
    const type = textAt(credentials, "type");
    if (type === "authorized_user") return refreshed(signal);
    throw unavailable(`${path} holds ${type === undefined ? "no login" : `a login of type ${type}`}`);
  };
};
