import { Secret } from "../../artifact/secret.ts";
import type { EntraTokenSource } from "./entra-token.ts";
import { fetchSmallJson, textField } from "./small-json.ts";

const CODE = "SECRET_UNAVAILABLE";
/** The address of every Azure machine's own identity; nothing beyond the machine answers there. */
const MACHINE_ENDPOINT = "http://169.254.169.254/metadata/identity/oauth2/token";

export interface ManagedIdentitySettings {
  /** Of a user-assigned identity; absent: the system-assigned one. */
  readonly clientId?: string;
  /** `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` of Functions; absent: a virtual machine's. */
  readonly endpoint?: { readonly url: string; readonly header: string };
  readonly fetch: typeof globalThis.fetch;
}

const toRequest = (
  { clientId, endpoint }: ManagedIdentitySettings,
  resource: string,
): { readonly url: URL; readonly headers: Record<string, string> } => {
  const url = new URL(endpoint?.url ?? MACHINE_ENDPOINT);
  url.searchParams.set("api-version", endpoint === undefined ? "2018-02-01" : "2019-08-01");
  url.searchParams.set("resource", resource);
  if (clientId !== undefined) url.searchParams.set("client_id", clientId);
  // Either header keeps a request that somebody else made us send from being answered.
  const headers = endpoint === undefined ? { metadata: "true" } : { "x-identity-header": endpoint.header };
  return { url, headers };
};

/** Tokens of the managed identity that Azure gave this function or machine. */
export const createManagedIdentity =
  (settings: ManagedIdentitySettings): EntraTokenSource =>
  async (resource, signal) => {
    const { url, headers } = toRequest(settings, resource);
    const what = `managed identity for ${resource}`;
    const answer = await fetchSmallJson({
      fetch: settings.fetch,
      url: url.href,
      init: { headers, signal },
      what,
      denied: CODE,
      unavailable: CODE,
    });
    return {
      value: new Secret(textField(answer, "access_token", what, CODE)),
      expiresAtMs: Number(textField(answer, "expires_on", what, CODE)) * 1_000,
    };
  };
