import type { AccessToken, TokenCredential } from "@azure/core-auth";
import type { EntraTokenSource } from "./entra-token.ts";
import { callDeadline } from "./rest-error.ts";

const DEFAULT_SUFFIX = "/.default";

const toResource = (scope: string): string =>
  scope.endsWith(DEFAULT_SUFFIX) ? scope.slice(0, -DEFAULT_SUFFIX.length) : scope;

/** Our tokens as Azure's clients want them. */
export const toTokenCredential = (tokens: EntraTokenSource): TokenCredential => ({
  async getToken(scopes): Promise<AccessToken> {
    const [scope = ""] = typeof scopes === "string" ? [scopes] : scopes;
    const { value, expiresAtMs } = await tokens(toResource(scope), callDeadline());
    return { token: value.reveal(), expiresOnTimestamp: expiresAtMs };
  },
});
