import type { CallerIdentity } from "../../ports.ts";
import type { EntraTokenSource } from "./entra-token.ts";

/**
 * Tokens for `generic-oidc` receivers: the audience is an app registration's `api://…`, the issuer the tenant's, and
 * the claim `oid` says which identity it is.
 */
export const createEntraCallerIdentity =
  (tokens: EntraTokenSource): CallerIdentity =>
  async (audience, signal) =>
    (await tokens(audience, signal)).value;
