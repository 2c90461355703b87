import { Secret } from "../../artifact/secret.ts";
import type { CallerIdentity, Clock } from "../../ports.ts";
import type { EntraTokenSource } from "./entra-token.ts";
import { fetchSmallJson, textField } from "./small-json.ts";

const CODE = "SECRET_UNAVAILABLE";
/** What Entra wants a token from elsewhere to be for. */
export const FEDERATION_AUDIENCE = "api://AzureADTokenExchange";
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export interface FederatedIdentitySettings {
  readonly tenantId: string;
  /** Of the app registration or identity that has the federated credential. */
  readonly clientId: string;
  /** Says who we are there: another cloud's token, or the file that Kubernetes projects. */
  readonly assertion: CallerIdentity;
  /** Default: the public cloud's. */
  readonly authority?: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** Tokens for whoever another cloud, or a cluster, says that we are: no key is stored anywhere. */
export const createFederatedIdentity =
  (settings: FederatedIdentitySettings): EntraTokenSource =>
  async (resource, signal) => {
    const { tenantId, clientId, authority = "https://login.microsoftonline.com", clock } = settings;
    const assertion = await settings.assertion(FEDERATION_AUDIENCE, signal);
    const askedAtMs = clock.nowMs();
    const what = `Entra token for ${resource}`;
    const answer = await fetchSmallJson({
      fetch: settings.fetch,
      url: `${authority}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
      init: {
        method: "POST",
        signal,
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: clientId,
          scope: `${resource}/.default`,
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: assertion.reveal(),
        }),
      },
      what,
      denied: CODE,
      unavailable: CODE,
    });
    return {
      value: new Secret(textField(answer, "access_token", what, CODE)),
      expiresAtMs: askedAtMs + Number(textField(answer, "expires_in", what, CODE)) * 1_000,
    };
  };
