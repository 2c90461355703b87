import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { CallerIdentity } from "../../ports.ts";
import { readCapped } from "../remote/capped-body.ts";
import { type AccessTokenSource, cacheToken, type FreshToken } from "./cached-token.ts";
import { at, parseJson, textAt } from "./google-api.ts";

export interface WorkloadIdentityOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly nowMs: () => number;
  /** Where we really run: gives a token of that platform for an audience. */
  readonly identity: CallerIdentity;
  /** `projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>` */
  readonly provider: string;
  /** The service account to act as; absent: the federated principal itself has the roles. */
  readonly serviceAccount?: string;
  /** The audience to ask the other platform's token for; default: what Google expects of a provider that names none. */
  readonly audience?: string;
  readonly stsUrl?: string;
  readonly iamCredentialsUrl?: string;
}

const STS_URL = "https://sts.googleapis.com";
const IAM_CREDENTIALS_URL = "https://iamcredentials.googleapis.com";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const LIFETIME_S = 3_600;
const MAX_BYTES = 64 * 1024;

const unavailable = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(`workload identity federation: ${message}`, { code: "SECRET_UNAVAILABLE", cause });

const post = async (
  fetch: typeof globalThis.fetch,
  url: string,
  init: { readonly headers: Record<string, string>; readonly body: string },
  signal: AbortSignal,
): Promise<unknown> => {
  const { host } = new URL(url);
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(url, { method: "POST", redirect: "error", signal, ...init });
    bytes = await readCapped(response, MAX_BYTES);
  } catch (cause) {
    throw unavailable(`${host} cannot be reached`, cause);
  }
  const body = parseJson(bytes);
  if (response.ok) return body;
  // RFC 6749's `error` is a code; the description may quote the token's claims, which are no secret but are long.
  const reason = textAt(body, "error") ?? textAt(at(body, "error"), "status") ?? "no reason";
  throw unavailable(`${host} answered ${response.status} (${reason})`);
};

/** What Google expects a token from elsewhere to be for, of a provider that names no audience. */
export const audienceOfProvider = (provider: string): string => `https://iam.googleapis.com/${provider}`;

const exchange = async (options: WorkloadIdentityOptions, signal: AbortSignal): Promise<FreshToken> => {
  const { fetch, identity, provider, stsUrl = STS_URL } = options;
  const subject = await identity(options.audience ?? audienceOfProvider(provider), signal);
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: `//iam.googleapis.com/${provider}`,
    scope: SCOPE,
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    subject_token: subject.reveal(),
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const body = await post(fetch, `${stsUrl}/v1/token`, { headers, body: form.toString() }, signal);
  const token = textAt(body, "access_token");
  const expiresInS = at(body, "expires_in");
  if (!token || typeof expiresInS !== "number") throw unavailable("the answer holds no token");
  return { secret: new Secret(token), lifeMs: expiresInS * 1_000 };
};

const impersonate = async (
  { fetch, nowMs, iamCredentialsUrl = IAM_CREDENTIALS_URL }: WorkloadIdentityOptions,
  serviceAccount: string,
  federated: Secret,
  signal: AbortSignal,
): Promise<FreshToken> => {
  const url = `${iamCredentialsUrl}/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}:generateAccessToken`;
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${federated.reveal()}`,
  };
  const request = JSON.stringify({ scope: [SCOPE], lifetime: `${LIFETIME_S}s` });
  const body = await post(fetch, url, { headers, body: request }, signal);
  const token = textAt(body, "accessToken");
  const expiresAtMs = Date.parse(textAt(body, "expireTime") ?? "");
  if (!token || Number.isNaN(expiresAtMs)) throw unavailable("the answer holds no token");
  return { secret: new Secret(token), lifeMs: expiresAtMs - nowMs() };
};

/** Google access tokens for code that runs elsewhere, by token exchange (RFC 8693): no key is stored anywhere. */
export const createWorkloadIdentityToken = (options: WorkloadIdentityOptions): AccessTokenSource =>
  cacheToken(
    "workload identity federation",
    async (signal) => {
      const federated = await exchange(options, signal);
      const { serviceAccount } = options;
      return serviceAccount === undefined
        ? federated
        : impersonate(options, serviceAccount, federated.secret, signal);
    },
    options.nowMs,
  );
