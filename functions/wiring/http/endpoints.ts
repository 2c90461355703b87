import type { SourceSettings } from "../../../shared/config/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { Endpoint } from "../../../shared/pipeline/intake/intake.ts";
import type { Allowance } from "../../../shared/pipeline/sweep/allowance.ts";
import type { Clock, SecretSource } from "../../../shared/ports.ts";
import { parseSource } from "../../../shared/push/sources.ts";
import type { TokenRule } from "../../../shared/push/token.ts";
import type { FetchJson } from "../../../shared/push/token-keys.ts";
import { createTokenRule } from "../../../shared/push/token-rule.ts";

/** Made once for each source: it keeps the issuer's keys. */
const toTokenRule = (settings: SourceSettings, fetchJson: FetchJson): TokenRule | undefined => {
  const { type, audience, issuer, email, authorizedParty, keysUrl } = settings;
  if ((type !== "gar" && type !== "acr-eventgrid") || audience === undefined) return undefined;
  return createTokenRule({ source: type, audience, issuer, email, authorizedParty, keysUrl }, fetchJson);
};

/** One endpoint for each configured source. Throws `CONFIG_INVALID` for a source this build does not know. */
export const createEndpoints = (
  sources: readonly SourceSettings[],
  secrets: SecretSource,
  clock: Clock,
  fetchJson: FetchJson,
  allowance: Allowance,
): readonly Endpoint[] =>
  sources.map((settings) => {
    const source = parseSource(settings.type);
    if (source === undefined) {
      throw new PipelineError(`sources[${settings.name}].type: ${settings.type} is not served yet`, {
        code: "CONFIG_INVALID",
      });
    }
    const { name, path, header, registry, repositoryPaths, jfrogMode, subscriptionName, allowedOrigins } =
      settings;
    const token = toTokenRule(settings, fetchJson);
    return {
      name,
      path,
      source,
      admit: (events) => allowance.take(name, events),
      options: async () => ({
        secrets: await Promise.all(settings.secrets.map((ref) => secrets.read(ref))),
        unauthenticated: settings.unauthenticated,
        nowMs: clock.nowMs(),
        ...(token === undefined ? {} : { token }),
        ...(header === undefined ? {} : { header }),
        ...(registry === undefined ? {} : { registry }),
        ...(repositoryPaths === undefined ? {} : { repositoryPaths }),
        ...(jfrogMode === undefined ? {} : { jfrogMode }),
        ...(subscriptionName === undefined ? {} : { subscriptionName }),
        ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
      }),
    };
  });
