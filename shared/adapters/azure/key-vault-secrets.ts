import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { NamedSecrets } from "../remote/named-secrets.ts";
import type { EntraTokenSource } from "./entra-token.ts";
import { askSmallJson, parseSmallJson } from "./small-json.ts";

const CODE = "SECRET_UNAVAILABLE";
const API_VERSION = "7.4";
const NAME = /^[0-9A-Za-z-]{1,127}$/;

/** A disabled or expired secret is forbidden, too. */
const REFUSALS: Readonly<Record<number, string>> = { 403: "is not for us to read", 404: "is not there" };

export interface KeyVaultSettings {
  /** `https://<name>.vault.azure.net` */
  readonly url: string;
  readonly tokens: EntraTokenSource;
  readonly fetch: typeof globalThis.fetch;
}

/** The vault of another cloud has a resource of its own: what comes after its name. */
const resourceOf = (url: string): string => {
  const { hostname } = new URL(url);
  return `https://${hostname.slice(hostname.indexOf(".") + 1)}`;
};

/** Secrets of one Key Vault by their name. */
export const createKeyVaultSecrets =
  ({ url, tokens, fetch }: KeyVaultSettings): NamedSecrets =>
  async (name, signal) => {
    if (!NAME.test(name))
      return { refused: "a name in Key Vault has letters, digits and dashes, at most 127" };
    const { value: token } = await tokens(resourceOf(url), signal);
    const { host } = new URL(url);
    const what = `secret ${name} of ${host}`;
    const { status, text } = await askSmallJson({
      fetch,
      url: `${url}/secrets/${name}?api-version=${API_VERSION}`,
      init: { headers: { authorization: `Bearer ${token.reveal()}` }, signal },
      what,
      unavailable: CODE,
    });
    const refusal = REFUSALS[status];
    if (refusal !== undefined) return { refused: `${refusal} in ${host} (${status})` };
    if (status !== 200) throw new PipelineError(`${what}: ${status}`, { code: CODE });
    const { value } = parseSmallJson(text, what, CODE);
    if (value === "") return { refused: `is empty in ${host}` };
    if (typeof value !== "string")
      throw new PipelineError(`${what}: the answer has no value`, { code: CODE });
    return new Secret(value);
  };
