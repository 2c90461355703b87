import { createHash, createHmac } from "node:crypto";
import { Secret } from "../../../artifact/secret.ts";
import { PipelineError } from "../../../errors.ts";
import type { CallerIdentity, Clock, RegistryCredentials, RegistryLogin } from "../../../ports.ts";
import { readCapped } from "../../remote/capped-body.ts";
import { keepFresh, ofLife } from "../../remote/kept.ts";
import { parseEcrHost } from "./host.ts";

export interface FederatedEcrSettings {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Who we are where we run. */
  readonly identity: CallerIdentity;
  readonly roleArn: string;
  /** Of our token; default: `ROLE_AUDIENCE`. */
  readonly audience?: string;
}

/** What a role that trusts an OpenID provider asks a token to be for, unless it says otherwise. */
export const ROLE_AUDIENCE = "sts.amazonaws.com";

interface SessionKeys {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
}

const DEFAULT_LIFE_MS = 3_600_000;
const MAX_BYTES = 64 * 1024;
/** By these words STS and ECR refuse who we are. */
const DENIED: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "ExpiredTokenException",
  "InvalidIdentityToken",
  "UnrecognizedClientException",
]);
const TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";

const unavailable = (host: string, message: string, cause?: unknown): PipelineError =>
  new PipelineError(`${host}: ${message}`, { code: "REGISTRY_UNAVAILABLE", cause });

const post = async (
  { fetch }: FederatedEcrSettings,
  host: string,
  url: string,
  init: { readonly headers: Record<string, string>; readonly body: string },
  signal: AbortSignal,
): Promise<string> => {
  const place = new URL(url).host;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { method: "POST", redirect: "error", signal, ...init });
    text = Buffer.from(await readCapped(response, MAX_BYTES)).toString("utf8");
  } catch (cause) {
    throw unavailable(host, `${place} cannot be reached`, cause);
  }
  if (response.ok) return text;
  const [, code = "no reason"] =
    /<Code>([\w.]+)<\/Code>|"__type":"(?:[^"#]*#)?(\w+)"/.exec(text)?.filter(Boolean) ?? [];
  const message = `${host}: ${place} answered ${response.status} (${code})`;
  throw new PipelineError(message, { code: DENIED.has(code) ? "REGISTRY_DENIED" : "REGISTRY_UNAVAILABLE" });
};

/** STS's form of answer is XML; these three are plain text in it. */
const elementOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];

const assumeRole = async (
  settings: FederatedEcrSettings,
  host: string,
  region: string,
  suffix: string,
  signal: AbortSignal,
): Promise<SessionKeys> => {
  const token = await settings
    .identity(settings.audience ?? ROLE_AUDIENCE, signal)
    .catch((cause: unknown) => {
      throw unavailable(host, cause instanceof PipelineError ? cause.message : "no token in time", cause);
    });
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: settings.roleArn,
    RoleSessionName: "sluice",
    DurationSeconds: "900",
    WebIdentityToken: token.reveal(),
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const xml = await post(
    settings,
    host,
    `https://sts.${region}.${suffix}/`,
    { headers, body: form.toString() },
    signal,
  );
  const [id, secret, session] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map((name) =>
    elementOf(xml, name),
  );
  if (id === undefined || secret === undefined || session === undefined) {
    throw unavailable(host, "STS answered without credentials");
  }
  return { id, secret, token: session };
};

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** Signature Version 4 of one POST with a JSON body: the one signed request that is needed here. */
const signRequest = (
  keys: SessionKeys,
  request: { readonly url: string; readonly region: string; readonly target: string; readonly body: string },
  nowMs: number,
): Record<string, string> => {
  const { host } = new URL(request.url);
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const headers: Readonly<Record<string, string>> = {
    "content-type": "application/x-amz-json-1.1",
    host,
    "x-amz-date": time,
    "x-amz-security-token": keys.token,
    "x-amz-target": request.target,
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ["POST", "/", "", lines.join(""), names, sha256(request.body)].join("\n");
  const scope = `${day}/${request.region}/ecr/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = [day, request.region, "ecr", "aws4_request"].reduce<Buffer | string>(
    hmac,
    `AWS4${keys.secret}`,
  );
  const signature = hmac(key, toSign).toString("hex");
  const { host: _host, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
};

interface Answer {
  readonly authorizationData?: readonly {
    readonly authorizationToken?: string;
    readonly expiresAt?: number;
  }[];
}

const parseAnswer = (text: string): Answer => {
  try {
    return Object(JSON.parse(text)) as Answer;
  } catch {
    // A parser's message would quote the answer: it is one without a token.
    return {};
  }
};

const logIn = async (
  settings: FederatedEcrSettings,
  host: string,
  region: string,
  suffix: string,
  signal: AbortSignal,
): Promise<{ readonly login: RegistryLogin; readonly lifeMs: number }> => {
  const keys = await assumeRole(settings, host, region, suffix, signal);
  const nowMs = settings.clock.nowMs();
  const request = { url: `https://api.ecr.${region}.${suffix}/`, region, target: TARGET, body: "{}" };
  const headers = signRequest(keys, request, nowMs);
  const text = await post(settings, host, request.url, { headers, body: request.body }, signal);
  const { authorizationData: [data] = [] } = parseAnswer(text);
  const pair = Buffer.from(data?.authorizationToken ?? "", "base64").toString("utf8");
  const at = pair.indexOf(":");
  if (at < 1 || at === pair.length - 1) throw unavailable(host, "ECR answered without a token");
  const lifeMs = data?.expiresAt === undefined ? DEFAULT_LIFE_MS : data.expiresAt * 1_000 - nowMs;
  return { login: { username: pair.slice(0, at), password: new Secret(pair.slice(at + 1)) }, lifeMs };
};

/** Logs in to private ECR from outside AWS, as a role that trusts our identity; by plain HTTPS, without AWS's clients. */
export const createFederatedEcrCredentials = (settings: FederatedEcrSettings): RegistryCredentials => {
  const { nowMs } = settings.clock;
  const kept = keepFresh<RegistryLogin, { readonly host: string; readonly region: string }>({
    nowMs,
    keyOf: ({ host }) => host,
    async ask({ host, region }, signal) {
      const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
      const { login, lifeMs } = await logIn(settings, host, region, suffix, signal);
      return { value: login, keepMs: ofLife(lifeMs) };
    },
    failure: ({ host }, cause) => unavailable(host, "no login in time", cause),
  });
  return async (host, signal) => {
    const ecr = parseEcrHost(host);
    return ecr?.kind === "private" ? kept({ host, region: ecr.region }, signal) : undefined;
  };
};
