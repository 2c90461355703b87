import { createHash } from "node:crypto";
import { Secret } from "../artifact/secret.ts";

/**
 * Where a Flux Receiver listens: `/hook/` and the hex SHA-256 of token, name and namespace, joined without
 * separator. The token's bytes count as they are, a trailing newline included; `generic-oidc` has none.
 * For `generic` the path is the only secret, so it travels as one.
 */
export const hookPath = (token: Secret | undefined, name: string, namespace: string): Secret => {
  const hash = createHash("sha256");
  if (token !== undefined) hash.update(token.revealBytes());
  return new Secret(`/hook/${hash.update(name).update(namespace).digest("hex")}`);
};
