import type { Config } from "../../shared/config/config.ts";
import { secretKey } from "../../shared/config/secret-places.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { SecretSource } from "../../shared/ports.ts";

/** The same platform; where one of its secrets is missing, the message says where the configuration names it. */
export const withPlaces = <P extends { readonly secrets: SecretSource }>(
  platform: P,
  { secretPlaces }: Config,
): P => ({
  ...platform,
  secrets: {
    async read(ref) {
      try {
        return await platform.secrets.read(ref);
      } catch (cause) {
        const place = secretPlaces?.get(secretKey(ref));
        if (place === undefined || !(cause instanceof PipelineError)) throw cause;
        throw new PipelineError(`${place}: ${cause.message}`, { code: cause.code, cause });
      }
    },
  },
});
