import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { CallerIdentity } from "../../ports.ts";
import { readCapped } from "../remote/capped-body.ts";
import { keepFresh, ofLife } from "../remote/kept.ts";
import { type AccessTokenSource, cacheToken, type FreshToken } from "./cached-token.ts";
import { at, parseJson, textAt } from "./google-api.ts";

export interface MetadataOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly nowMs: () => number;
  /** `host[:port]`; what `GCE_METADATA_HOST` names. */
  readonly host?: string;
}

const DEFAULT_HOST = "metadata.google.internal";
const ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default";
const MAX_BYTES = 64 * 1024;

const unavailable = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(`metadata server: ${message}`, { code: "SECRET_UNAVAILABLE", cause });

const read = async (
  { fetch, host = DEFAULT_HOST }: MetadataOptions,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  let response: Response;
  try {
    response = await fetch(`http://${host}${path}`, {
      headers: { "metadata-flavor": "Google" },
      redirect: "error",
      signal,
    });
  } catch (cause) {
    throw unavailable("cannot be reached; this only works on Google Cloud", cause);
  }
  // Whoever else answers at that name is not the metadata server.
  if (response.headers.get("metadata-flavor") !== "Google") {
    await response.body?.cancel();
    throw unavailable("the answer does not come from it");
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    throw unavailable(`answered ${response.status} for ${path.split("?")[0]}`);
  }
  return readCapped(response, MAX_BYTES).catch((cause: unknown) => {
    throw unavailable("the answer cannot be read", cause);
  });
};

/** Access tokens of the service account that this code runs as. */
export const createMetadataAccessToken = (options: MetadataOptions): AccessTokenSource =>
  cacheToken(
    "metadata server",
    async (signal): Promise<FreshToken> => {
      const body = parseJson(await read(options, `${ACCOUNT}/token`, signal));
      const token = textAt(body, "access_token");
      const expiresInS = at(body, "expires_in");
      if (!token || typeof expiresInS !== "number") {
        throw unavailable("the answer holds no token");
      }
      return { secret: new Secret(token), lifeMs: expiresInS * 1_000 };
    },
    options.nowMs,
  );

const expiryMsOf = (jwt: string): number | undefined => {
  const exp = at(parseJson(Buffer.from(jwt.split(".")[1] ?? "", "base64url")), "exp");
  return typeof exp === "number" ? exp * 1_000 : undefined;
};

/** Google-signed identity tokens for an audience, with the account's `email` claim: what `generic-oidc` receivers check. */
export const createMetadataCallerIdentity = (options: MetadataOptions): CallerIdentity => {
  const toFailure = (audience: string, cause: unknown): PipelineError => {
    const why = cause instanceof PipelineError ? cause.message : "the metadata server gave none in time";
    return new PipelineError(`a token for ${audience}: ${why}`, { code: "SECRET_UNAVAILABLE", cause });
  };
  return keepFresh<Secret>({
    nowMs: options.nowMs,
    async ask(audience, signal) {
      const query = new URLSearchParams({ audience, format: "full" });
      const bytes = await read(options, `${ACCOUNT}/identity?${query}`, signal).catch((cause: unknown) => {
        throw toFailure(audience, cause);
      });
      const jwt = Buffer.from(bytes).toString("utf8").trim();
      const expiryMs = expiryMsOf(jwt);
      if (expiryMs === undefined) throw toFailure(audience, unavailable("the answer is no identity token"));
      return { value: new Secret(jwt), keepMs: ofLife(expiryMs - options.nowMs()) };
    },
    failure: toFailure,
  });
};
