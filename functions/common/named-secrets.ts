import type { Secret } from "../../shared/artifact/secret.ts";
import type { SecretSource } from "../../shared/ports.ts";

/** `{secret: name}` from the platform's own store, everything else from where it was. */
export const withNamedSecrets = (
  source: SecretSource,
  readNamed: (name: string) => Promise<Secret>,
): SecretSource => ({
  read: (ref) => ("secret" in ref ? readNamed(ref.secret) : source.read(ref)),
});
