import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import type { EntraTokenSource } from "./entra-token.ts";
import { fetchSmallJson, textField } from "./small-json.ts";

const CODE = "SECRET_UNAVAILABLE";
const API_VERSION = "7.4";
const NAME = /^[0-9A-Za-z-]{1,127}$/;
const TIMEOUT_MS = 10_000;
/** A rotated secret counts after this long; a vault allows 4,000 reads in ten seconds. */
const KEPT_MS = 60_000;
/** A vault out of reach costs nothing while what was read from it is younger than this. */
const STALE_MS = 15 * 60_000;

export interface KeyVaultSettings {
  /** `https://<name>.vault.azure.net` */
  readonly url: string;
  readonly tokens: EntraTokenSource;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

interface Kept {
  readonly secret: Secret;
  readonly readAtMs: number;
}

/** The vault of another cloud has a resource of its own: what comes after its name. */
const resourceOf = (url: string): string => {
  const { hostname } = new URL(url);
  return `https://${hostname.slice(hostname.indexOf(".") + 1)}`;
};

const readSecret = async ({ url, tokens, fetch }: KeyVaultSettings, name: string): Promise<Secret> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { value } = await tokens(resourceOf(url), signal);
  const what = `secret ${name} of ${new URL(url).host}`;
  const answer = await fetchSmallJson({
    fetch,
    url: `${url}/secrets/${name}?api-version=${API_VERSION}`,
    init: { headers: { authorization: `Bearer ${value.reveal()}` }, signal },
    what,
    denied: CODE,
    unavailable: CODE,
  });
  return new Secret(textField(answer, "value", what, CODE));
};

/** Secrets of one Key Vault by their name, read again every minute. Throws `SECRET_UNAVAILABLE`. */
export const createKeyVaultSecrets = (settings: KeyVaultSettings): ((name: string) => Promise<Secret>) => {
  const kept = new Map<string, Kept>();
  return async (name) => {
    if (!NAME.test(name)) {
      const message = `secret ${name}: a name in Key Vault has letters, digits and dashes, at most 127`;
      throw new PipelineError(message, { code: CODE });
    }
    const nowMs = settings.clock.nowMs();
    const before = kept.get(name);
    if (before !== undefined && nowMs - before.readAtMs < KEPT_MS) return before.secret;
    try {
      const secret = await readSecret(settings, name);
      kept.set(name, { secret, readAtMs: nowMs });
      return secret;
    } catch (error) {
      if (before !== undefined && nowMs - before.readAtMs < STALE_MS) return before.secret;
      throw error;
    }
  };
};
