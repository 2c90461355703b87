import type { Config } from "../../shared/config/config.ts";
import { secretKey } from "../../shared/config/secret-places.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { SecretSource } from "../../shared/ports.ts";

/** The same secrets; where one is missing, the message says where the configuration names it. */
export const withPlaces = (source: SecretSource, { secretPlaces }: Config): SecretSource => ({
  async read(ref) {
    try {
      return await source.read(ref);
    } catch (cause) {
      const place = secretPlaces?.get(secretKey(ref));
      if (place === undefined || !(cause instanceof PipelineError)) throw cause;
      throw new PipelineError(`${place}: ${cause.message}`, { code: cause.code, cause });
    }
  },
});
