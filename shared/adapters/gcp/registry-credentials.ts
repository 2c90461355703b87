import { PipelineError } from "../../errors.ts";
import type { RegistryCredentials } from "../../ports.ts";
import type { AccessTokenSource } from "./cached-token.ts";

/** The hosts that Flux's own controllers log in to as Google's, and no others: a token must not reach anybody else. */
const GOOGLE_REGISTRY = /^(?:(?:[A-Za-z0-9.-]+\.)?gcr\.io|[A-Za-z0-9.-]+-docker\.pkg\.dev)$/;

/** Logs in to Artifact Registry and Container Registry with an access token; the token's own cache keeps it. */
export const createGoogleRegistryCredentials =
  (token: AccessTokenSource): RegistryCredentials =>
  async (host, signal) => {
    if (!GOOGLE_REGISTRY.test(host)) return undefined;
    try {
      return { username: "oauth2accesstoken", password: await token(signal) };
    } catch (cause) {
      const reason = cause instanceof PipelineError ? cause.message : "no token in time";
      throw new PipelineError(`${host}: no login, ${reason}`, { code: "REGISTRY_UNAVAILABLE", cause });
    }
  };
