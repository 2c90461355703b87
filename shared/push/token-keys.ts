import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import * as v from "valibot";
import { PipelineError } from "../errors.ts";
import { TOKEN_KEYS_COOLDOWN_MS, TOKEN_KEYS_MAX_AGE_MS, TOKEN_KEYS_TIMEOUT_MS } from "./limits.ts";

/** Finds the key of a token. Throws jose's errors for a token that has none, a PipelineError when out of reach. */
export interface TokenKeys {
  at(nowMs: number): JWTVerifyGetKey;
}

/** GET of a small JSON document: https, no redirects, capped; the adapter sees to that. */
export type FetchJson = (url: string, signal: AbortSignal) => Promise<unknown>;

const text = v.exactOptional(v.string());

// RFC 7517 and 7518 §6: what RSA and EC public keys are made of. Symmetric keys have no place in a public document.
const PUBLIC_KEY = v.object({
  kty: v.picklist(["RSA", "EC"]),
  kid: text,
  alg: text,
  use: text,
  n: text,
  e: text,
  crv: text,
  x: text,
  y: text,
});
const KEY_SET = v.object({ keys: v.pipe(v.array(v.unknown()), v.maxLength(100)) });

const parseKeySet = (url: string, document: unknown): JSONWebKeySet => {
  const result = v.safeParse(KEY_SET, document);
  if (!result.success) throw new PipelineError(`${url} is not a key set`, { code: "SECRET_UNAVAILABLE" });
  // Keys of kinds we do not use are passed over (RFC 7517 §5), so that a new one does not lock us out.
  return { keys: result.output.keys.filter((key) => v.is(PUBLIC_KEY, key)) };
};

interface Fetched {
  readonly keys: JWTVerifyGetKey;
  readonly atMs: number;
}

/**
 * Keys of one issuer from an address that configuration names; nothing in a token can choose another one. Fetched
 * once, kept for an hour, and again for an unknown key id, but not more often than the cool-down allows.
 */
export const createTokenKeys = (url: string, fetchJson: FetchJson): TokenKeys => {
  let fetched: Fetched | undefined;
  let underWay: Promise<Fetched> | undefined;
  let failedAtMs: number | undefined;

  const fetchKeys = async (nowMs: number): Promise<Fetched> => {
    try {
      const { createLocalJWKSet } = await import("jose");
      const document = await fetchJson(url, AbortSignal.timeout(TOKEN_KEYS_TIMEOUT_MS));
      fetched = { keys: createLocalJWKSet(parseKeySet(url, document)), atMs: nowMs };
      failedAtMs = undefined;
      return fetched;
    } catch (cause) {
      failedAtMs = nowMs;
      throw new PipelineError(`cannot read the keys at ${url}`, { code: "SECRET_UNAVAILABLE", cause });
    } finally {
      underWay = undefined;
    }
  };
  const isCoolingDown = (nowMs: number): boolean =>
    Math.max(fetched?.atMs ?? 0, failedAtMs ?? 0) + TOKEN_KEYS_COOLDOWN_MS > nowMs;
  const refresh = (nowMs: number): Promise<Fetched> => {
    underWay ??= fetchKeys(nowMs);
    return underWay;
  };
  const current = async (nowMs: number): Promise<Fetched> => {
    if (fetched !== undefined && nowMs - fetched.atMs < TOKEN_KEYS_MAX_AGE_MS) return fetched;
    if (isCoolingDown(nowMs) && underWay === undefined) {
      // An outage of the issuer must not stop events whose key we hold, nor make us hammer it.
      if (fetched !== undefined) return fetched;
      throw new PipelineError(`cannot read the keys at ${url}`, { code: "SECRET_UNAVAILABLE" });
    }
    return refresh(nowMs).catch((error: unknown) => {
      if (fetched !== undefined) return fetched;
      throw error;
    });
  };

  return {
    at: (nowMs) => async (header, token) => {
      const { keys } = await current(nowMs);
      try {
        return await keys(header, token);
      } catch (error) {
        const { errors } = await import("jose");
        if (!(error instanceof errors.JWKSNoMatchingKey) || isCoolingDown(nowMs)) throw error;
      }
      return (await refresh(nowMs)).keys(header, token);
    },
  };
};
