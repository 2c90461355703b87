import type { JWTPayload } from "jose";
import { PipelineError } from "../errors.ts";
import type { IncomingRequest } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import { MAX_TOKEN_CHARACTERS, TOKEN_CLOCK_SKEW_MS } from "./limits.ts";
import type { TokenKeys } from "./token-keys.ts";

/** Whose token counts. Every part is needed: a signature of Google's proves only that Google has a customer. */
export interface TokenRule {
  readonly issuers: readonly string[];
  readonly audience: string;
  /** Google: the push subscription's service account. */
  readonly email?: string;
  /** Entra: application id of the caller; absent: Event Grid's own. */
  readonly authorizedParty?: string;
  readonly keys: TokenKeys;
}

const BEARER = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
// Asymmetric only: with HS256 the public key would be the secret, and `none` needs no key at all.
const ALGORITHMS = ["RS256", "ES256"];

export const bearerTokenOf = (request: IncomingRequest): string | undefined => {
  const value = request.headers.authorization;
  if (value === undefined || value.length > MAX_TOKEN_CHARACTERS) return undefined;
  return BEARER.exec(value)?.[1];
};

/** Checks signature, issuer, audience and times of the bearer token, then asks `accepts` about the other claims. */
export const authenticateToken = async (
  request: IncomingRequest,
  rule: TokenRule,
  nowMs: number,
  accepts: (claims: JWTPayload) => boolean,
): Promise<AuthenticationResult> => {
  const token = bearerTokenOf(request);
  if (token === undefined) return { authentic: false, reason: "token-missing" };
  // jose reads an empty list or audience as "anything goes".
  if (rule.issuers.length === 0 || rule.issuers.includes("") || rule.audience === "")
    return { authentic: false, reason: "token-rule-incomplete" };
  // Most senders have no token; who starts for theirs does without.
  const { errors, jwtVerify } = await import("jose");
  try {
    const { payload } = await jwtVerify(token, rule.keys.at(nowMs), {
      algorithms: ALGORITHMS,
      issuer: [...rule.issuers],
      audience: rule.audience,
      requiredClaims: ["exp", "iat"],
      clockTolerance: TOKEN_CLOCK_SKEW_MS / 1000,
      // biome-ignore lint/style/noRestrictedGlobals: converts the injected time into what jose takes
      currentDate: new Date(nowMs),
    });
    return accepts(payload)
      ? { authentic: true, by: "token" }
      : { authentic: false, reason: "token-refused" };
  } catch (error) {
    if (error instanceof errors.JOSEError) return { authentic: false, reason: "token-refused" };
    if (error instanceof PipelineError) throw error;
    // A key that does not fit its algorithm, or a token of a shape WebCrypto rejects.
    return { authentic: false, reason: "token-refused" };
  }
};
