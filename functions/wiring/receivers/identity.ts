import { createLocalIssuer, type LocalIssuer } from "../../../shared/adapters/node/local-issuer.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import type { Config } from "../../../shared/config/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { CallerIdentity, Clock, SecretSource } from "../../../shared/ports.ts";

/** Who says to receivers that we are who we are, by sluice.yaml. */
export interface OwnIdentity {
  readonly token: CallerIdentity;
  /** Where Sluice itself is the issuer: what it publishes. */
  readonly issuer?: LocalIssuer;
}

const readToken = async (
  tokens: ReadonlyMap<string, Parameters<SecretSource["read"]>[0]>,
  audience: string,
  secrets: SecretSource,
): Promise<Secret> => {
  const ref = tokens.get(audience);
  if (ref === undefined) {
    throw new PipelineError(`no token for the audience ${audience}; add it to identity.tokens`, {
      code: "SECRET_UNAVAILABLE",
    });
  }
  // Files of tokens often end in a newline, which is no part of them.
  return new Secret((await secrets.read(ref)).reveal().trim());
};

/** `undefined` where sluice.yaml has no `identity`. */
export const createOwnIdentity = (
  { identity }: Config,
  secrets: SecretSource,
  clock: Clock,
): OwnIdentity | undefined => {
  if (identity === undefined) return undefined;
  if (identity.kind === "tokens") {
    return { token: (audience) => readToken(identity.tokens, audience, secrets) };
  }
  const { issuer, subject, keys } = identity;
  const readKeys = () => Promise.all(keys.map((ref) => secrets.read(ref)));
  const local = createLocalIssuer({ issuer, subject, keys: readKeys }, clock);
  return { token: local.token, issuer: local };
};
